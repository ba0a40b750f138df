import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WhyAnswer } from '../../core/admin/why/why.ts'
import { eventually } from './eventually.ts'
import { Sandbox, type Weir } from './weir-process.ts'

const SEND_EVERY_MS = 50
const PLACES = 2

test('a running Weir shows what passes, and why a series goes where it goes', async t => {
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(CONFIG)
  const timer = setInterval(() => void send(weir).catch(() => {}), SEND_EVERY_MS)
  t.after(() => clearInterval(timer))
  await eventually('counted', async () => (await weir.component('exporter debug')).account.sent > 0)

  await t.test('top: rates and drops of a second, or an error', async () => {
    const { code, stdout, stderr } = await sandbox.weir('top', '--once', '--admin', weir.admin)
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^Weir is running, for \d+s; 0 items unaccounted for; memory /)
    assert.match(stdout, /^receiver otlp +ok +[1-9][\d.K]* +[1-9][\d.K]* +0 +\d+ +[\d.]+s$/m)
    assert.match(stdout, /^exporter debug +ok .* of 64 MiB/m)
    const gone = await sandbox.weir('top', '--once', '--admin', `${weir.admin}/nothing/`)
    assert.equal(gone.code, 0, 'paths are of the server')
    const refused = await sandbox.weir('top', '--once', '--admin', weir.otlp)
    assert.equal(refused.code, 5)
    assert.match(refused.stderr, /^the server at http:\S+ is not Weir; --admin sets the address of Weir$/m)
  })

  await t.test('tap: items that a receiver sends, without secrets', async () => {
    const items = await tap(weir, 'component=receiver/otlp&limit=4')
    assert.equal(items.length, 4)
    const [{ time, skipped: _, ...item }] = items
    assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000, String(time))
    const attributes = item.attributes as Record<string, unknown>
    assert.equal(attributes['http.request.header.authorization'], '[redacted]')
    assert.match(String(attributes.user), /^u\d$/)
    assert.deepEqual(item.resource, { 'service.name': 'shop', api_key: '[redacted]' })
    assert.equal(item.name, 'logins')
  })

  await t.test('tap: events, and both sides of a processor', async () => {
    const [event] = await tap(weir, 'component=receiver/http&limit=1')
    assert.deepEqual(
      [event.type, event.name, event.attributes],
      ['event', 'signup', { plan: 'pro', token: '[redacted]' }]
    )
    const [received] = await tap(weir, 'component=processor/windowed_counter&pipeline=points&side=received&limit=1')
    assert.equal((received.attributes as object as { window?: string }).window, undefined)
    const [sent] = await tap(weir, 'component=processor/windowed_counter&pipeline=points&limit=1')
    assert.equal((sent.attributes as object as { window?: string }).window, '1s')
    const [exported] = await tap(weir, 'component=exporter/debug&limit=1')
    assert.equal(exported.type, 'point')
  })

  await t.test('tap: so many items a second at most, and the number of the others', async () => {
    const begun = performance.now()
    const items = await tap(weir, 'component=receiver/otlp&rate=4&limit=8')
    const seconds = (performance.now() - begun) / 1000
    assert.ok(seconds > 1.2, `8 items at 4 a second took ${seconds} s`)
    assert.ok(items.some(({ skipped }) => Number(skipped) > 0))
    const skipped = items.map(item => item.skipped ?? 1)
    assert.ok(
      skipped.every(number => Number.isInteger(number) && Number(number) > 0),
      String(skipped)
    )
  })

  await t.test('tap: errors say what to do', async () => {
    for (const [query, status, text] of [
      ['', 400, /^component: give one/],
      ['component=receiver/nothing', 404, /^component: there is no receiver\/nothing; there are receiver\/otlp, /],
      ['component=processor/windowed_counter', 400, /^pipeline: .* is part of several, choose one of /],
      ['component=processor/windowed_counter&pipeline=x', 404, /windowed_counter in pipeline x; there are processor/],
      ['component=receiver/otlp&side=received', 400, /^side: the items of a receiver are those it sends/],
      ['component=receiver/otlp&side=up', 400, /^side: "up" is neither/],
      ['component=receiver/otlp&limit=0', 400, /^limit: "0" is no whole number/],
      ['component=receiver/otlp&rate=101', 400, /^rate: "101" is no whole number from 1 to 100/]
    ] as const) {
      const response = await fetch(`${weir.admin}/api/tap?${query}`)
      assert.equal(response.status, status, query)
      assert.match(await response.text(), text)
    }
  })

  await t.test('weir tap prints the same', async () => {
    const { code, stdout } = await sandbox.weir('tap', 'receiver/http', '--limit', '2', '--admin', weir.admin)
    assert.equal(code, 0)
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).name),
      ['signup', 'signup']
    )
    const { code: refused, stderr } = await sandbox.weir('tap', 'receiver/x', '--admin', weir.admin)
    assert.notEqual(refused, 0)
    assert.match(stderr, /there is no receiver\/x/)
  })

  await t.test('why: a series with a place is counted in windows and stored', async () => {
    const { traced, matching } = await why(weir, 'metric=logins&label=user=u0')
    assert.equal(matching > 0, true)
    const [{ series, isReceived, seen, pipelines }] = traced
    assert.equal(isReceived, true)
    assert.equal(series.attributes['http.request.header.authorization'], '[redacted]')
    assert.deepEqual(
      seen.map(({ receiver }) => receiver),
      ['otlp']
    )
    assert.deepEqual(fates(pipelines), [
      'points cardinality_limiter passes',
      'points windowed_counter counted',
      'points debug stored'
    ])
    const [counted] = pipelines[0].stages[2].entries
    assert.deepEqual(
      counted.outputs.map(({ name, attributes }) => [name, attributes.user, attributes.window]),
      [
        ['logins', 'u0', '1s'],
        ['logins', 'u0', undefined]
      ]
    )
  })

  await t.test('why: a series over the limit ends in the overflow series, and one that is filtered ends', async () => {
    const { traced } = await why(weir, 'metric=logins&label=user=u7')
    const [limited] = traced[0].pipelines[0].stages[1].entries
    assert.equal(limited.fate, 'changes')
    assert.match(limited.why, /no place/)
    assert.deepEqual(limited.outputs[0].attributes, { 'otel.metric.overflow': 'true' })
    const { traced: dropped } = await why(weir, 'metric=debug.noise&watch=0')
    assert.deepEqual(fates(dropped[0].pipelines).at(-1), 'points filter dropped')
  })

  await t.test('why: events, and series that nobody has sent', async () => {
    const event = await why(weir, 'metric=signup&label=plan=pro')
    assert.equal(event.traced[0].series.kind, 'event')
    assert.deepEqual(
      event.traced[0].seen.map(({ receiver }) => receiver),
      ['http']
    )
    assert.deepEqual(fates(event.traced[0].pipelines), ['events windowed_counter counted', 'events debug stored'])
    const free = await why(weir, 'metric=signup&label=plan=free')
    assert.deepEqual(free.traced[0].seen, [])
    const counts = await why(weir, 'metric=signup_total')
    assert.equal(counts.traced[0].series.name, 'signup')
    assert.equal(counts.traced[0].seen.length, 1)
    const unknown = await why(weir, 'metric=logins&label=user=nobody&watch=0')
    assert.equal(unknown.traced[0].isReceived, false)
    assert.match(
      unknown.hints.join(' '),
      /No such series was received lately.*have other labels; some of their names are .*user/
    )
  })

  await t.test('why: errors say what to do, and weir why prints the way', async () => {
    for (const [query, text] of [
      ['', /^metric: give the name of one/],
      ['metric=a&label=b', /^label: "b" is no name=value/],
      ['metric=a&kind=x', /^kind: "x" is none of gauge, /],
      ['metric=a&watch=60', /^watch: "60" is no number of seconds from 0 to 10/]
    ] as const) {
      const response = await fetch(`${weir.admin}/api/why?${query}`)
      assert.equal(response.status, 400)
      assert.match(await response.text(), text)
    }
    const { code, stdout } = await sandbox.weir('why', 'logins', 'user=u0', '--admin', weir.admin)
    assert.equal(code, 0)
    assert.match(
      stdout,
      /^logins\{.*user="u0".*\} counter: received by otlp \(\d+ items? in 1 s\)\n {2}pipeline points, from otlp\n/
    )
    assert.match(stdout, /windowed_counter: .* counted: .*\n {6}→ logins\{.*window="1s"\}/)
  })

  await t.test('status: fresh items, the watermark and memory', async () => {
    const receiver = await weir.component('receiver otlp')
    assert.ok(receiver.newestItemSeconds! < 5, String(receiver.newestItemSeconds))
    const { components } = await weir.status()
    const windows = components.find(({ id, pipeline }) => id === 'windowed_counter' && pipeline === 'points')!
    assert.ok(
      windows.watermarkLagSeconds! > 0 && windows.watermarkLagSeconds! < 30,
      String(windows.watermarkLagSeconds)
    )
    assert.equal(windows.memory!.entries.groups, PLACES + 1)
    assert.ok(windows.memory!.bytes! > 0)
    const { queue } = await weir.component('exporter debug')
    assert.ok(queue!.items >= 0)
  })

  await t.test('an open tap does not hold up a stop', async () => {
    const response = await fetch(`${weir.admin}/api/tap?component=exporter/debug`)
    const text = response.text()
    const begun = performance.now()
    weir.signal('SIGTERM')
    assert.equal((await weir.ended).code, 0)
    assert.ok(performance.now() - begun < 5000)
    assert.match(await text, /\{"type":"end","reason":"Weir is stopping"\}\n$/)
  })
})

const CONFIG = `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
  http: { endpoint: 127.0.0.1:0 }
processors:
  filter: { exclude: { name: debug.* } }
  cardinality_limiter: { max_series_per_metric: ${PLACES} }
  windowed_counter: { windows: [1s], allowed_lateness: 0s }
exporters:
  debug: { verbosity: none }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    points:
      receivers: [otlp]
      processors: [filter, cardinality_limiter, windowed_counter]
      exporters: [debug]
      items: [points]
    events:
      receivers: [http]
      processors: [windowed_counter]
      exporters: [debug]
`

async function tap(weir: Weir, query: string): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${weir.admin}/api/tap?${query}`)
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'application/x-ndjson; charset=utf-8')
  return (await response.text())
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
}

async function why(weir: Weir, query: string): Promise<WhyAnswer> {
  const response = await fetch(`${weir.admin}/api/why?${query}`)
  assert.equal(response.status, 200)
  return (await response.json()) as WhyAnswer
}

/** `pipeline component fate` of the first series of each, but for those that let everything through. */
function fates(pipelines: WhyAnswer['traced'][number]['pipelines']): string[] {
  return pipelines.flatMap(({ pipeline, stages }) =>
    stages
      .map(({ id, entries }) => `${pipeline} ${id} ${entries[0].fate}`)
      .filter(text => !text.endsWith('filter passes'))
  )
}

async function send({ otlp, events }: Weir): Promise<void> {
  const attributes = (values: Record<string, string>) =>
    Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }))
  const point = (values: Record<string, string>) => ({
    asInt: '1',
    timeUnixNano: `${Date.now()}000000`,
    attributes: attributes(values)
  })
  const sum = (dataPoints: object[]) => ({ aggregationTemporality: 1, isMonotonic: true, dataPoints })
  const logins = Array.from({ length: 8 }, (_, i) =>
    point({ user: `u${i}`, 'http.request.header.authorization': 'Bearer x' })
  )
  const metrics = [
    { name: 'logins', sum: sum(logins) },
    { name: 'debug.noise', sum: sum([point({})]) }
  ]
  const resource = { attributes: attributes({ 'service.name': 'shop', api_key: 'k' }) }
  const post = (url: string, body: object) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  await post(otlp, { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] })
  await post(events, { name: 'signup', attributes: { plan: 'pro', token: 't' } })
}
