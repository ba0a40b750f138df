import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import type { AdviceReport } from '../../core/admin/advice/advice.ts'
import { eventually } from '../e2e/eventually.ts'
import { Sandbox, type Weir } from '../e2e/weir-process.ts'
import { chromiumProgram, startChromium } from '../servers/chromium.ts'
import { axeFaults } from './axe.ts'
import { openPage, weakTexts } from './open-page.ts'
import { inAllLooks } from './screenshots.ts'

const SEND_EVERY_MS = 50
const USERS = 40
const ROUTES = 4
const PLACES = 20
const HOSTILE = '<img src=x onerror="window.hit = true">'
/** The tests of answers that do not come make these. */
const REFUSED = 'Failed to load resource: net::ERR_FAILED'

const { path, skip } = await chromiumProgram()

test('pipeline, cardinality and ledger', { skip }, async t => {
  const browser = await startChromium(path)
  t.after(() => browser.close())
  const sandbox = await Sandbox.open(t)
  await writeFile(sandbox.path('rules.yml'), RULES)
  const weir = await sandbox.start(CONFIG)
  keepSending(t, weir)
  const { page, errors } = await openPage(browser, `${weir.admin}#pipeline`, { width: 1280 })
  const details = page.locator('.details')
  const sound = async (look: string) => {
    assert.deepEqual(await weakTexts(page), [], look)
    assert.equal(await page.evaluate('measure.overflow()'), 0, `${look} is wider than the window`)
    assert.deepEqual(await axeFaults(page), [], look)
    assert.equal(await page.locator('img').count(), 0)
    assert.equal(await page.evaluate('window.hit'), undefined)
  }

  await t.test('nodes tell how fresh, how large and how full they are', async () => {
    const points = page.getByRole('region', { name: 'points', exact: true })
    const node = (name: string) => points.getByRole('listitem').filter({ has: page.getByRole('heading', { name }) })
    await eventually('figures', async () => {
      assert.match((await node('otlp').textContent())!, /newest item [\d.]+ m?s old/)
      assert.match(
        (await node('windowed_counter').textContent())!,
        /counted up to [\d.]+ m?s ago\d+ groups, (\d+ open windows?, )?[\d.]+ KiB/
      )
      assert.match(
        (await node('debug').textContent())!,
        /queue [\d.]+ \w+ of 64 MiB[\s\S]*newest stored [\d.]+ m?s old/
      )
      assert.match((await node('filter').textContent())!, /dropped [\d,]+ filtered/)
      return true
    })
    const rates = await page.evaluate<string[]>(
      "[...document.querySelectorAll('.stages text')].map(node => node.textContent)"
    )
    assert.ok(rates.length >= 5 && rates.every(text => /^[\d.]+K?\/s$/.test(text)), String(rates))
  })

  await t.test('the name of a node opens its details, by keyboard too', async () => {
    await page.getByRole('button', { name: 'cardinality_limiter' }).focus()
    await page.keyboard.press('Enter')
    await details.getByRole('heading', { name: /^cardinality_limiter processor in points$/ }).waitFor()
    assert.equal(await page.evaluate('document.activeElement.id'), 'details-title')
    assert.match(page.url(), /component=processor%2Fcardinality_limiter&in=points/)
    assert.match((await details.textContent())!, /Stateok.*Received[\d,]+.*Imbalance0.*20 series, 1 metric/)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await details.waitFor({ state: 'hidden' })
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'cardinality_limiter')
  })

  await t.test('shows the items that pass, as text and without secrets', async () => {
    await page.getByRole('button', { name: 'otlp' }).click()
    await details.getByRole('button', { name: 'Watch items' }).click()
    const rows = details.getByRole('table', { name: 'Last items of receiver/otlp' }).getByRole('row')
    await eventually('items', async () => (await rows.count()) > 10)
    const text = (await details.textContent())!
    assert.match(text, /[\d,]+ items have passed; a sample of them/)
    assert.match(text, /authorization="\[redacted\]"/)
    assert.doesNotMatch(text, /Bearer/)
    await eventually('a hostile value', async () => (await details.textContent())!.includes(JSON.stringify(HOSTILE)))
    await sound('items')
    await details.getByRole('button', { name: 'Stop watching' }).click()
    const first = await rows.nth(1).textContent()
    await new Promise(resolve => setTimeout(resolve, 5 * SEND_EVERY_MS))
    assert.equal(await rows.nth(1).textContent(), first)
  })

  await t.test('both sides of an exporter can be watched, and a lost answer is asked for again', async () => {
    await page.getByRole('button', { name: 'debug' }).first().click()
    await page.route('**/api/tap*', route => route.abort())
    await details.getByRole('button', { name: 'Watch items' }).click()
    await details.getByText('Weir does not answer').waitFor()
    await page.unroute('**/api/tap*')
    const rows = details.getByRole('row')
    await eventually('it recovers', async () => (await rows.count()) > 3)
    await details.getByRole('combobox', { name: 'Side of the component' }).selectOption('sent')
    await eventually('items stored', async () => (await rows.count()) > 3)
    await details.getByRole('button', { name: 'Stop watching' }).click()
  })

  await t.test('shows the way of a series to where it ends, and keeps it in the URL', async () => {
    await page.getByRole('button', { name: 'cardinality_limiter' }).click()
    await details.getByLabel('Metric or event').fill('http.requests')
    await details.getByLabel('Labels, one a line').fill('user=u39\nroute=/r1')
    await details.getByRole('button', { name: 'Show its way' }).click()
    const way = details.getByRole('region', { name: /^http\.requests\{.*user="u39"\}$/ }).first()
    await way.waitFor()
    assert.match((await way.textContent())!, /Received by otlp \(\d+ items in 1 s\)/)
    const current = way.locator('[aria-current=step]')
    assert.match(
      (await current.textContent())!,
      /cardinality_limiterchanges .*it has no place.*otel\.metric\.overflow="true"/
    )
    assert.match((await way.textContent())!, /stored .*weir\.metrics, where name is http\.requests/)
    assert.match(page.url(), /metric=http\.requests&labels=user%3Du39%0Aroute%3D%2Fr1/)
    await page.reload()
    await way.waitFor()
    await inAllLooks(page, 'pipeline', sound)
    await details.getByLabel('Metric or event').fill('debug.noise')
    await details.getByLabel('Labels, one a line').fill('')
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await details.getByText('filtered: it matches exclude').first().waitFor()
  })

  await t.test('says what nobody asks for since when, and the configuration without it', async () => {
    await ask(weir, 'sum by (route) (rate(http_requests[5m]))')
    await ask(weir, 'count(up)')
    await page.getByRole('link', { name: 'Cardinality' }).click()
    const row = page
      .getByRole('table', { name: 'Labels and their costs' })
      .getByRole('row', { name: /^http\.requests/ })
    await row.waitFor()
    assert.match(
      (await page.locator('#advice').textContent())!,
      /Unused are labels that no query, no rule .* asked for since \d{4}-.*less than 30 days/
    )
    const [series, without, saved, labels] = await row.getByRole('cell').allTextContents()
    assert.deepEqual([series, without, saved], [`${USERS * ROUTES}`, `${ROUTES}`, `${USERS * ROUTES - ROUTES}`])
    assert.match(labels, /user 40 values, 4 series without it unused/)
    assert.match(labels, /route 4 values, 40 series without it (?!unused)/)
    await inAllLooks(page, 'cardinality', sound)
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByRole('button', { name: /^(Copied|Selected)$/ }).waitFor()
    const yaml = (await page.locator('pre.yaml').textContent())!
    assert.match(yaml, /without: \[user\]/)
    await writeFile(sandbox.path('advice.yaml'), yaml)
    const { code, stdout, stderr } = await sandbox.weir(
      'validate',
      sandbox.path(sandbox.configFile),
      sandbox.path('advice.yaml')
    )
    assert.equal(code, 0, stderr)
    assert.match(stdout, /windowed_counter\/unused_labels/)
  })

  await t.test('shows since when a metric is over its limit', async () => {
    const metrics = page.getByRole('table', { name: 'Metrics of cardinality_limiter in points' })
    assert.match(
      (await metrics.getByRole('rowheader').first().textContent())!,
      /^http\.requestsdelta counterover the limitsince \d{4}-\d\d-\d\d/
    )
    const meter = page.getByRole('meter', { name: 'series of http.requests against its places' })
    assert.deepEqual([await meter.getAttribute('value'), await meter.getAttribute('max')], [`${PLACES}`, `${PLACES}`])
  })

  await t.test('shows the balance, the tenants and the alerts', async () => {
    await page.getByRole('link', { name: 'Ledger' }).click()
    const tile = (name: string) => page.locator('.tiles > div').filter({ hasText: name })
    await eventually('the balance', async () =>
      (await tile('Imbalance').textContent())?.includes('0, all items are accounted for')
    )
    assert.ok(Number((await tile('Received').locator('dd').textContent())!.replaceAll(',', '')) > 0)
    const tenant = page.getByRole('table', { name: 'Tenants' }).getByRole('row', { name: 'shop' })
    const cells = await tenant.getByRole('cell').allTextContents()
    const [received, produced, exported, absorbed, dropped, refused, , balance, series] = cells
    for (const items of [received, produced, exported, absorbed, series])
      assert.ok(Number(items.replaceAll(',', '')) > 0, String(cells))
    assert.match(dropped, /filtered [\d,]+$/)
    assert.deepEqual([refused, balance, cells.at(-1)], ['0', '✓', '0'])
    await tenant.getByRole('button', { name: 'shop' }).click()
    const books = page.getByRole('table', { name: 'Books of shop' })
    await books.getByRole('row', { name: 'windowed_counter processor in points' }).getByText('✓').waitFor()
    assert.match(page.url(), /#ledger\?tenant=shop/)
    const alert = page.getByRole('table', { name: 'Alerts' }).getByRole('row', { name: 'Always' })
    await alert.getByText('firing').waitFor()
    assert.match((await alert.textContent())!, /Always\{severity="page"\}firing\d{4}-.*1It is always so/)
    await inAllLooks(page, 'ledger', sound)
  })

  await t.test('an answer that does not come is said where the alerts would be, and it recovers', async () => {
    const refuse = '**/api/v1/alerts*'
    await page.route(refuse, route => route.abort())
    await page.getByText('Weir does not answer').waitFor()
    await page.unroute(refuse)
    await page.getByRole('table', { name: 'Alerts' }).waitFor()
  })

  assert.deepEqual(
    errors.filter(text => text !== REFUSED),
    []
  )
})

test('uses are remembered by the next run', async t => {
  const sandbox = await Sandbox.open(t)
  const start = () => sandbox.start(REMEMBERING)
  const advice = async (weir: Weir) => {
    const report = (await (await fetch(`${weir.admin}/api/advice`)).json()) as AdviceReport
    const metric = report.metrics.find(({ name }) => name === 'http.requests')!
    const unused = metric.labels.filter(({ isUnused }) => isUnused).map(({ name }) => name)
    return { since: report.since, unused: unused.sort() }
  }
  const first = await start()
  await send(first)
  await sendGauge(first)
  const before = await advice(first)
  assert.deepEqual(before.unused, ['route', 'user'])
  await fetch(`${first.queryApi}/api/v1/query?query=${encodeURIComponent('sum by (route) (http_requests)')}`)
  const { yaml, yamlWithGauges } = (await (await fetch(`${first.admin}/api/advice`)).json()) as AdviceReport
  assert.doesNotMatch(yaml!, /queue\.size/)
  await writeFile(sandbox.path('gauges.yaml'), yamlWithGauges!)
  const checked = await sandbox.weir('validate', sandbox.path(sandbox.configFile), sandbox.path('gauges.yaml'))
  assert.equal(checked.code, 0, checked.stderr)
  assert.match(
    yamlWithGauges!,
    /http\.requests[\s\S]*queue\.size[\s\S]*without: \[user\][\s\S]*aggregations: \[min, max, avg\]/
  )
  await first.stop()
  const second = await start()
  await send(second)
  assert.deepEqual(await advice(second), { since: before.since, unused: ['user'] })
  await second.stop()
})

const RULES = `
groups:
  - name: always
    interval: 1s
    rules:
      - alert: Always
        expr: vector(1)
        labels: { severity: page }
        annotations: { summary: It is always so }
`

const CONFIG = `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
  rules: { files: [rules.yml], store: clickhouse }
processors:
  filter: { exclude: { name: debug.* } }
  cardinality_limiter: { max_series_per_metric: ${PLACES} }
  windowed_counter: { windows: [1s] }
exporters:
  debug: { verbosity: none }
  clickhouse: { embedded: ./data/clickhouse }
extensions:
  query_api: { endpoint: 127.0.0.1:0, store: clickhouse }
service:
  state_dir: ./data/state
  admin: { endpoint: 127.0.0.1:0 }
  extensions: [query_api]
  tenants: { default: shop }
  pipelines:
    points:
      receivers: [otlp]
      processors: [filter, cardinality_limiter, windowed_counter]
      exporters: [debug, clickhouse]
      items: [points]
    rules: { receivers: [rules], exporters: [clickhouse] }
`

const REMEMBERING = `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
exporters:
  debug: { verbosity: none }
extensions:
  query_api: { endpoint: 127.0.0.1:0, forward: { endpoint: http://127.0.0.1:1 } }
service:
  state_dir: ./data/state
  admin: { endpoint: 127.0.0.1:0 }
  extensions: [query_api]
  pipelines:
    points: { receivers: [otlp], exporters: [debug], items: [points] }
`

async function ask({ queryApi }: Weir, query: string): Promise<void> {
  const response = await fetch(`${queryApi}/api/v1/query?query=${encodeURIComponent(query)}`)
  assert.equal(response.status, 200, await response.text())
}

function keepSending(t: TestContext, weir: Weir): void {
  const timer = setInterval(() => void send(weir).catch(() => {}), SEND_EVERY_MS)
  t.after(() => clearInterval(timer))
}

async function sendGauge({ otlp }: Weir): Promise<void> {
  const dataPoints = Array.from({ length: USERS }, (_, i) => ({
    asInt: '1',
    timeUnixNano: `${Date.now()}000000`,
    attributes: [{ key: 'user', value: { stringValue: `u${i}` } }]
  }))
  const body = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'queue.size', gauge: { dataPoints } }] }] }] }
  await post(otlp, body)
}

async function send({ otlp }: Weir): Promise<void> {
  const attributes = (values: Record<string, string>) =>
    Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }))
  const timeUnixNano = `${Date.now()}000000`
  const point = (values: Record<string, string>) => ({ asInt: '1', timeUnixNano, attributes: attributes(values) })
  const sum = (dataPoints: object[]) => ({ aggregationTemporality: 1, isMonotonic: true, dataPoints })
  const requests = Array.from({ length: USERS * ROUTES }, (_, i) =>
    point({ user: `u${i % USERS}`, route: `/r${Math.floor(i / USERS)}`, authorization: 'Bearer x' })
  )
  const metrics = [
    { name: 'http.requests', sum: sum(requests) },
    { name: 'debug.noise', sum: sum(Array.from({ length: USERS }, () => point({ text: HOSTILE }))) }
  ]
  await post(otlp, { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })
}

async function post(otlp: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(otlp, { method: 'POST', headers, body: JSON.stringify(body) })
  assert.equal(response.status, 200)
}
