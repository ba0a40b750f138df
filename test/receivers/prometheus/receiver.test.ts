import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { generate } from 'selfsigned'
import plugin from '../../../receivers/prometheus/index.ts'
import { testConfig } from '../../../sdk/plugin/testing.ts'
import { encodeFamilies } from '../../core/wire/exposition/metric-family.ts'
import { eventually } from '../../e2e/eventually.ts'
import { exposed, rows, scraping, TIMEOUT_MS } from './harness.ts'

const at = (address: string, more: object = {}) => ({ static_configs: [{ targets: [address] }], ...more })
const target = (address: string) => `service.instance.id=${address},service.name=j`

test('a scrape has the samples, the report, and the labels of the target', async t => {
  const { address } = await exposed(t, '# TYPE a counter\na{b="c"} 1\nd 2\n')
  const { scrape, context } = await scraping(t, { static_configs: [{ targets: [address], labels: { zone: 'z' } }] })
  const block = await scrape()
  const own = `zone=z,${target(address)}`
  assert.deepEqual(rows(block), [
    `a{b=c,${own}} 1`,
    `d{${own}} 2`,
    `scrape_samples_post_metric_relabeling{${own}} 2`,
    `scrape_samples_scraped{${own}} 2`,
    `scrape_series_added{${own}} 2`,
    `up{${own}} 1`
  ])
  assert.deepEqual([block.series.at(0).metric.kind, block.series.at(1).metric.kind], ['counter', 'gauge'])
  assert.equal(new Set(block.time).size, 1)
  const second = await scrape()
  assert.equal(second.time[0] - block.time[0], 60_000)
  assert.ok(rows(second).includes(`scrape_series_added{${own}} 0`))
  const { received, sent, inFlight, imbalance } = context.account
  assert.deepEqual([received, sent, inFlight, imbalance, context.credits.used], [14, 14, 0, 0, 0])
})

test('series that are gone end, once, and may come back', async t => {
  const server = await exposed(t, 'a 1\nb 2\n')
  const { scrape } = await scraping(t, at(server.address))
  const own = target(server.address)
  await scrape()
  server.body = 'a 1\n'
  assert.ok(rows(await scrape()).includes(`b{${own}} stale`))
  assert.ok(!rows(await scrape()).some(row => row.startsWith('b')))
  server.body = 'a 1\nb 3\n'
  const back = rows(await scrape())
  assert.ok(back.includes(`b{${own}} 3`) && back.includes(`scrape_series_added{${own}} 1`))
})

for (const [name, break_] of [
  ['answers 500', server => (server.status = 500)],
  ['answers nonsense', server => (server.body = 'a 1\nnonsense\n')],
  ['answers OpenMetrics without an end', server => (server.contentType = 'application/openmetrics-text')],
  ['has a label twice', server => (server.body = 'a{b="1",b="1"} 1\n')]
] as [string, (server: Awaited<ReturnType<typeof exposed>>) => void][])
  test(`a target that ${name} is down: its series end, and go on later`, async t => {
    const server = await exposed(t, 'a 1\n')
    const { scrape, context } = await scraping(t, at(server.address))
    const own = target(server.address)
    const good = { ...server }
    await scrape()
    break_(server)
    const failed = rows(await scrape())
    assert.ok(failed.includes(`up{${own}} 0`) && failed.includes(`a{${own}} stale`), failed.join('\n'))
    assert.ok(!rows(await scrape()).includes(`a{${own}} stale`))
    assert.equal(context.counters.get('failed_scrapes_total'), 2)
    Object.assign(server, { body: good.body, status: good.status, contentType: good.contentType })
    const back = rows(await scrape())
    assert.ok(back.includes(`a{${own}} 1`) && back.includes(`up{${own}} 1`))
  })

test('a target that does not answer in time is down', async t => {
  const server = await exposed(t, 'a 1\n')
  server.isSilent = true
  const { context, blocks } = await scraping(t, at(server.address))
  context.clock.advanceTo(context.clock.nextTimer)
  await eventually('a request', () => server.requests === 1)
  context.clock.advance(TIMEOUT_MS - 1)
  assert.equal(blocks.length, 0)
  context.clock.advance(1)
  const block = await eventually('a report', () => blocks[0])
  assert.ok(rows(block).includes(`up{${target(server.address)}} 0`))
  const duration = [...block.series].findIndex(({ metric }) => metric.name === 'scrape_duration_seconds')
  assert.equal(block.value[duration], TIMEOUT_MS / 1000)
})

test('targets are spread over the interval, always alike', async t => {
  const server = await exposed(t, 'a 1\n')
  const jobs = ['1', '2', '1'].map(i => at(server.address, { params: { i: [i] } }))
  const times = []
  for (const job of jobs) times.push((await (await scraping(t, job)).scrape()).time[0] % 60_000)
  assert.notEqual(times[0], times[1])
  assert.equal(times[0], times[2])
})

describe('labels of samples', () => {
  const text = 'a{job="own",instance="",zone="own"} 1\n'
  const labels = { zone: 'z' }

  test('that the target has too are renamed', async t => {
    const { address } = await exposed(t, text)
    const { scrape } = await scraping(t, { static_configs: [{ targets: [address], labels }] })
    assert.ok(rows(await scrape()).includes(`a{exported_job=own,exported_zone=own,zone=z,${target(address)}} 1`))
  })

  test('are kept with honor_labels', async t => {
    const { address } = await exposed(t, text)
    const { scrape } = await scraping(t, { static_configs: [{ targets: [address], labels }], honor_labels: true })
    const want = `a{zone=own,service.instance.id=${address},service.name=own} 1`
    assert.ok(rows(await scrape()).includes(want))
  })
})

test('metric_relabel_configs drop and change samples, and not the report', async t => {
  const { address } = await exposed(t, 'a{b="c",x="1"} 1\nsecret{b="c"} 2\nd 3\n')
  const { scrape } = await scraping(
    t,
    at(address, {
      metric_relabel_configs: [
        { source_labels: ['__name__'], regex: 'secret|up', action: 'drop' },
        { source_labels: ['b'], regex: '(.+)', target_label: 'e', replacement: '<$1>' },
        { regex: 'b|x', action: 'labeldrop' },
        { source_labels: ['__name__'], regex: 'd', target_label: '__name__', replacement: 'renamed' }
      ]
    })
  )
  const own = target(address)
  assert.deepEqual(rows(await scrape()), [
    `a{e=<c>,${own}} 1`,
    `renamed{${own}} 3`,
    `scrape_samples_post_metric_relabeling{${own}} 2`,
    `scrape_samples_scraped{${own}} 3`,
    `scrape_series_added{${own}} 2`,
    `up{${own}} 1`
  ])
})

test('relabel_configs choose targets, and set address, path, parameters and labels', async t => {
  const server = await exposed(t, 'a 1\n')
  const { scrape } = await scraping(t, {
    params: { module: ['x'], more: ['1', '2'] },
    static_configs: [{ targets: ['probe-me', 'drop-me'] }],
    relabel_configs: [
      { source_labels: ['__address__'], regex: 'drop.*', action: 'drop' },
      { source_labels: ['__address__'], target_label: '__param_target' },
      { source_labels: ['__param_target'], target_label: 'instance' },
      { target_label: '__address__', replacement: server.address },
      { target_label: '__metrics_path__', replacement: '/probe' },
      { source_labels: ['__param_module'], target_label: 'module' }
    ]
  })
  const all = rows(await scrape())
  assert.ok(all.includes('a{module=x,service.instance.id=probe-me,service.name=j} 1'), all.join('\n'))
  assert.equal(all.length, 5)
  assert.equal(server.path, '/probe?more=2&module=x&more=1&target=probe-me')
})

test('times of samples are honoured, and such series do not end', async t => {
  const server = await exposed(t, 'a 1 5000\n')
  const { scrape } = await scraping(t, at(server.address))
  assert.equal((await scrape()).time[0], 5000)
  server.body = ''
  assert.ok(!rows(await scrape()).some(row => row.includes('stale')))
})

test('times of samples are ignored without honor_timestamps', async t => {
  const server = await exposed(t, 'a 1 5000\n')
  const { scrape } = await scraping(t, at(server.address, { honor_timestamps: false }))
  assert.ok((await scrape()).time[0] > 5000)
  server.body = ''
  assert.ok(rows(await scrape()).some(row => row.includes('stale')))
})

for (const [option, value] of [
  ['sample_limit', 1],
  ['body_size_limit', '10B'],
  ['label_limit', 3],
  ['label_name_length_limit', 10],
  ['label_value_length_limit', 20]
] as const)
  test(`a scrape beyond ${option} fails`, async t => {
    const { address } = await exposed(t, `a{some="label"} 1\nb{a_longer_name="${'x'.repeat(30)}"} 2\n`)
    const { scrape } = await scraping(t, at(address, { [option]: value }))
    const all = rows(await scrape())
    assert.ok(all.includes(`up{${target(address)}} 0`))
    assert.equal(all.filter(row => /^[ab]\{/.test(row)).length, 0)
  })

test('a scrape within all limits is good', async t => {
  const { address } = await exposed(t, 'a{some="label"} 1\nb 1\n')
  const limits = {
    sample_limit: 2,
    body_size_limit: '22B',
    label_limit: 4,
    label_name_length_limit: 8,
    label_value_length_limit: 21
  }
  const { scrape } = await scraping(t, at(address, limits))
  assert.ok(rows(await scrape()).includes(`up{${target(address)}} 1`))
})

test('credentials, formats and compression', async t => {
  const server = await exposed(t, 'a 1\n')
  const basic = await scraping(t, at(server.address, { basic_auth: { username: 'u', password: 'p' } }))
  await basic.scrape()
  assert.equal(server.headers.authorization, `Basic ${Buffer.from('u:p').toString('base64')}`)
  assert.match(server.headers.accept!, /^application\/openmetrics-text/)
  const bearer = await scraping(
    t,
    at(server.address, { authorization: { credentials: 'x' }, scrape_native_histograms: true })
  )
  await bearer.scrape()
  assert.equal(server.headers.authorization, 'Bearer x')
  assert.match(server.headers.accept!, /^application\/vnd.google.protobuf/)
  assert.equal(server.headers['accept-encoding'], 'gzip')
})

test('protobuf has native histograms', async t => {
  const histogram = {
    sampleCount: 3,
    sampleSum: 1,
    schema: 0,
    zeroThreshold: 0,
    positiveSpan: [{ offset: 0, length: 1 }],
    positiveDelta: [3]
  }
  const server = await exposed(t, encodeFamilies([{ name: 'h', type: 4, metric: [{ histogram }] }]))
  server.contentType = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
  const { scrape } = await scraping(t, at(server.address))
  const { series, distributions } = await scrape()
  assert.equal(series.at(0).metric.kind, 'exponential_histogram')
  assert.equal(distributions.get(0)!.kind, 'exponential_histogram')
})

describe('discovery', () => {
  test('by files: targets come, go and end', async t => {
    const server = await exposed(t, 'a 1\n')
    const folder = await mkdtemp(path.join(tmpdir(), 'weir-sd-'))
    t.after(() => rm(folder, { recursive: true }))
    const write = (groups: unknown) => writeFile(path.join(folder, 'targets.json'), JSON.stringify(groups))
    await write([{ targets: [server.address], labels: { env: 'e' } }])
    const files = [path.join(folder, '*.json')]
    const { scrape } = await scraping(t, { file_sd_configs: [{ files, refresh_interval: '2m' }] })
    const own = `env=e,${target(server.address)}`
    assert.ok(rows(await scrape()).includes(`a{${own}} 1`))
    await writeFile(path.join(folder, 'targets.json'), 'no list')
    await scrape()
    assert.ok(rows(await scrape()).includes(`a{${own}} 1`), 'targets of before stay')
    await write([])
    let ends = await scrape()
    while (!rows(ends).includes(`up{${own}} stale`)) ends = await scrape()
    assert.deepEqual(rows(ends).filter(row => row.endsWith('stale')).length, 6)
  })

  test('by HTTP', async t => {
    const server = await exposed(t, 'a 1\n')
    const list = await exposed(t, JSON.stringify([{ targets: [server.address], labels: { __meta_x: 'y' } }]))
    const { scrape } = await scraping(t, {
      http_sd_configs: [{ url: `http://${list.address}/sd` }],
      relabel_configs: [
        { source_labels: ['__meta_x', '__meta_url'], regex: '(.*);.*/(.*)', replacement: '$1$2', target_label: 'x' }
      ]
    })
    assert.ok(rows(await scrape()).includes(`a{x=ysd,${target(server.address)}} 1`))
    assert.equal(list.headers['x-prometheus-refresh-interval-seconds'], '60')
  })
})

test('regression: the credentials of a job were sent to the server that lists its targets', async t => {
  const server = await exposed(t, 'a 1\n')
  const list = await exposed(t, JSON.stringify([{ targets: [server.address] }]))
  const { scrape } = await scraping(t, {
    http_sd_configs: [{ url: `http://${list.address}/sd` }],
    basic_auth: { username: 'u', password: 'p' }
  })
  await scrape()
  assert.ok(server.headers.authorization !== undefined)
  assert.equal(list.headers.authorization, undefined)
})

test('compressed answers are read, and count as they are after decompression', async t => {
  const server = await exposed(t, gzipSync(`a{b="${'x'.repeat(1000)}"} 1\n`))
  server.contentEncoding = 'gzip'
  const { scrape } = await scraping(t, at(server.address))
  assert.ok(rows(await scrape()).includes(`up{${target(server.address)}} 1`))
  const limited = await scraping(t, at(server.address, { body_size_limit: '1000B' }))
  assert.ok(rows(await limited.scrape()).includes(`up{${target(server.address)}} 0`))
})

test('TLS: a certificate is checked against ca_file, unless insecure_skip_verify says otherwise', async t => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }]
  })
  const folder = await mkdtemp(path.join(tmpdir(), 'weir-tls-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(path.join(folder, 'ca.pem'), cert)
  const server = await exposed(t, 'a 1\n', { cert, key })
  for (const [tls_config, up] of [
    [{}, 0],
    [{ ca_file: path.join(folder, 'ca.pem') }, 1],
    [{ insecure_skip_verify: true }, 1]
  ] as const) {
    const { scrape } = await scraping(t, at(server.address, { scheme: 'https', tls_config }))
    assert.ok(rows(await scrape()).includes(`up{${target(server.address)}} ${up}`), JSON.stringify(tls_config))
  }
})

for (const [name, job, message] of [
  [
    'a list that is asked for without a pause',
    { http_sd_configs: [{ url: 'http://a', refresh_interval: '0s' }] },
    /more than 0/
  ],
  [
    'files that are read without a pause',
    { file_sd_configs: [{ files: ['a'], refresh_interval: '0s' }] },
    /more than 0/
  ],
  ['a timeout beyond the interval', { scrape_timeout: '2m' }, /scrape_interval at most/],
  ['two ways of authorization', { basic_auth: { username: 'u' }, authorization: { credentials: 'c' } }, /give one of/],
  ['a broken expression', { relabel_configs: [{ regex: '(' }] }, /no regular expression/]
] as [string, object, RegExp][])
  test(`${name} is a problem`, () => {
    assert.throws(() => testConfig(plugin, { scrape_configs: [{ job_name: 'a', ...job }] }), message)
  })

test('a job name twice is a problem', () => {
  const scrape_configs = [{ job_name: 'a' }, { job_name: 'a' }]
  assert.throws(() => testConfig(plugin, { scrape_configs }), /scrape_configs\.1\.job_name: "a" is the name/)
})
