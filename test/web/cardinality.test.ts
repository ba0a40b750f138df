import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { Sandbox, type Weir } from '../e2e/weir-process.ts'
import { chromiumProgram, startChromium } from '../servers/chromium.ts'
import { openPage, weakTexts } from './open-page.ts'

const USERS = 500
const PLACES = 10
const NOT_FOUND = 'Failed to load resource: the server responded with a status of 404 (Not Found)'
const HOSTILE = '<img src=x onerror="window.hit = true">'

const { path, skip } = await chromiumProgram()

test('cardinality on the admin page', { skip }, async t => {
  const browser = await startChromium(path)
  t.after(() => browser.close())
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(CONFIG)
  await send(weir)
  const { page, errors } = await openPage(browser, `${weir.admin}#cardinality`, { width: 1400 })
  const limiter = page.getByRole('region', { name: 'Cardinality of cardinality_limiter in counts', exact: true })
  await limiter.waitFor()

  await t.test('shows the metrics with most series, and the treatment of those over the limit', async () => {
    assert.match((await limiter.textContent())!, /11 of 1,000 series, 2 of 5,000 metrics/)
    const rows = limiter.getByRole('row')
    const [logins, visits] = await rows.getByRole('rowheader').allTextContents()
    assert.match(logins, /^loginsdelta counterover the limitsince \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    assert.equal(visits, 'visitsdelta counter')
    const [wanted, places, limit, over, labels] = await rows.nth(1).getByRole('cell').allTextContents()
    const estimate = Number(/^≈ (\d+)$/.exec(wanted)?.[1])
    assert.ok(Math.abs(estimate - USERS) < USERS * 0.07, wanted)
    assert.deepEqual([places, limit, over], ['10', '10', `${USERS - PLACES}overflowadded up ${USERS - PLACES}`])
    assert.match(labels, /^user ≈ \d+ .+route ≈ 3 \/2, \/0, \/1$/)
    assert.deepEqual(await rows.nth(2).getByRole('cell').allTextContents(), ['1', '1', '10', '0', ''])
  })

  await t.test('shows values as text, whatever they are', async () => {
    assert.ok((await limiter.textContent())!.includes(HOSTILE))
    assert.equal(await page.locator('img').count(), 0)
    assert.equal(await page.evaluate('window.hit'), undefined)
  })

  await t.test('shows the limiter of each pipeline', async () => {
    const other = page.getByRole('region', { name: 'Cardinality of cardinality_limiter in spare', exact: true })
    assert.match((await other.textContent())!, /0 of 1,000 series/)
  })

  await t.test('can be read and scrolled in light and dark, wide and narrow', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [400, 1400]) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: 900 })
        assert.deepEqual(await weakTexts(page), [], `${colorScheme}, ${width} px`)
        assert.equal(await page.evaluate('measure.overflow()'), 0, `the page is wider than ${width} px`)
      }
    }
    await page.getByRole('region', { name: 'Metrics of cardinality_limiter in counts' }).focus()
  })

  await t.test('GET /cardinality has the same as JSON', async () => {
    const reports = (await (await fetch(`${weir.admin}/cardinality`)).json()) as Record<string, unknown>[]
    assert.deepEqual(
      reports.map(({ kind, id, pipeline, admitted }) => [kind, id, pipeline, admitted]),
      [
        ['processor', 'cardinality_limiter', 'counts', PLACES + 1],
        ['processor', 'cardinality_limiter', 'spare', 0]
      ]
    )
  })

  await t.test('a metric that only grows is a counter', async () => {
    const text = await (await fetch(`${weir.admin}/metrics`)).text()
    assert.match(text, /^# TYPE weir_processor_cardinality_limiter_forgotten_series_total counter$/m)
    assert.match(text, /^weir_processor_cardinality_limiter_forgotten_series_total\{.*pipeline="counts"\} 0$/m)
  })

  await t.test('says so where nothing limits', async () => {
    await writeFile(sandbox.path(sandbox.configFile), CONFIG.replaceAll('[cardinality_limiter]', '[]'))
    weir.signal('SIGHUP')
    await page.getByText('No cardinality_limiter runs here').waitFor()
  })

  // The report may be asked for when it is just gone, before the page knows.
  assert.deepEqual(
    errors.filter(text => text !== NOT_FOUND),
    []
  )
})

const CONFIG = `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
  statsd: { endpoint: 127.0.0.1:0 }
processors:
  cardinality_limiter: { max_series_per_metric: ${PLACES}, max_series_total: 1000 }
exporters:
  debug: { verbosity: none }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    counts:
      receivers: [otlp]
      processors: [cardinality_limiter]
      exporters: [debug]
    spare:
      receivers: [statsd]
      processors: [cardinality_limiter]
      exporters: [debug]
`

async function send({ otlp }: Weir): Promise<void> {
  const attributes = (user: string, route: string) =>
    Object.entries({ user, route }).map(([key, stringValue]) => ({ key, value: { stringValue } }))
  const point = (_: unknown, i: number) => ({
    asInt: '1',
    attributes: attributes(i === USERS - 1 ? HOSTILE : `u${i}`, `/${i % 3}`)
  })
  const sum = (dataPoints: object[]) => ({ aggregationTemporality: 1, isMonotonic: true, dataPoints })
  const metrics = [
    { name: 'visits', sum: sum([{ asInt: '1' }]) },
    { name: 'logins', sum: sum(Array.from({ length: USERS }, point)) }
  ]
  const body = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })
  const response = await fetch(otlp, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  assert.equal(response.status, 200)
}
