import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { type TestContext, test } from 'node:test'
import { eventually } from '../e2e/eventually.ts'
import { Sandbox, type Weir } from '../e2e/weir-process.ts'
import { chromiumProgram, startChromium } from '../servers/chromium.ts'
import { freePort } from '../servers/free-port.ts'
import { openPage, weakTexts } from './open-page.ts'

const SEND_EVERY_MS = 20
const POLLS_WATCHED_MS = 3500
/** A line may end this far from the edge of its node, px. */
const TOLERANCE = 1.5
const HOSTILE = '<img src=x onerror="window.hit = true">'

interface Line {
  readonly from: number
  readonly to: number
}

const { path, skip } = await chromiumProgram()

test('the admin page', { skip }, async t => {
  const browser = await startChromium(path)
  t.after(() => browser.close())
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(config(await freePort()))
  keepSending(t, weir)
  const { page, errors } = await openPage(browser, `${weir.admin}#pipeline`, { width: 1400 })
  await eventually('rates and a degraded exporter', async () => (await page.locator('.node.degraded').count()) > 0)
  await eventually('a refused line', async () => (await page.locator('#problems').textContent())?.includes('zz'))

  await t.test('shows every stage and the flow between them', async () => {
    const counts = page.getByRole('region', { name: 'counts' })
    for (const [stage, names] of [
      ['receivers', ['otlp', 'statsd', 'http']],
      ['processors', ['windowed_counter']],
      ['exporters', ['debug']]
    ] as const) {
      const list = counts.getByRole('list', { name: stage })
      assert.deepEqual(await list.getByRole('heading').allTextContents(), names)
    }
    await eventually('all four flow', async () => {
      const rates = await counts.locator('dd').allTextContents()
      return rates.length === 10 && rates.every(text => Number.parseFloat(text) > 0)
    })
    for (const rate of await counts.locator('dd').allTextContents()) assert.match(rate, /^[\d.]+K?\/s$/)
  })

  await t.test('draws lines from node to node at every width, after resizing too', async () => {
    for (const width of [1400, 1000, 760, 400, 1400]) {
      await page.setViewportSize({ width, height: 900 })
      const wanted = width > 800 ? [4, 2] : [2, 2]
      await eventually(`lines at ${width} px`, async () => {
        const drawn = await page.evaluate<Line[][]>('measure.lines()')
        assert.deepEqual(
          drawn.map(pipeline => pipeline.length),
          wanted
        )
        assert.deepEqual(drawn.flat().filter(isOff), [])
        return true
      })
      assert.equal(await page.evaluate('measure.overflow()'), 0, `the page is wider than ${width} px`)
    }
  })

  await t.test('shows the ledger as the process has it, with a balance and drops by reason', async () => {
    await page.getByRole('link', { name: 'Ledger' }).click()
    const table = page.getByRole('table')
    await table.getByRole('rowheader').first().waitFor()
    const { components } = await weir.status()
    assert.equal(await table.getByRole('rowheader').count(), components.length)
    assert.equal(await table.getByRole('img', { name: 'balanced' }).count(), components.length)
    const [received, produced, sent, absorbed, dropped] = await table
      .getByRole('row', { name: 'statsd' })
      .getByRole('cell')
      .allTextContents()
    assert.deepEqual([produced, absorbed, dropped], ['0', '0', '1unknown_type 1'])
    for (const items of [received, sent]) assert.ok(Number(items.replaceAll(',', '')) > 0, items)
    await page.goBack()
  })

  await t.test('shows the degraded component with its reason, and its waiting bytes', async () => {
    assert.equal(await page.title(), 'Weir: running, degraded')
    const node = page.getByRole('listitem').filter({ hasText: 'victoriametrics' }).first()
    assert.match((await node.textContent())!, /degraded[\s\S]*queue [\d.]+ (B|KiB) of 64 MiB[\s\S]*cannot be reached/)
    const meter = page.getByRole('meter', { name: 'queue of victoriametrics' })
    assert.ok(Number(await meter.getAttribute('value')) > 0)
    const problems = await page.locator('#problems').textContent()
    assert.match(problems!, /warningexporter victoriametricsexport failed; will retry: \S+ cannot be reached/)
  })

  await t.test('shows text as text, whoever wrote it', async () => {
    assert.ok((await page.locator('#problems').textContent())!.includes(`line=${HOSTILE}`), 'a line of a client')
    assert.equal(await page.locator('img').count(), 0)
    assert.equal(await page.evaluate('window.hit'), undefined)
  })

  await t.test('stands still between polls', async () => {
    await page.evaluate("window.kept = document.querySelector('.node')")
    assert.equal(await page.evaluate(`measure.shifts(${POLLS_WATCHED_MS})`), 0)
    assert.ok(await page.evaluate("window.kept === document.querySelector('.node')"))
  })

  await t.test('can be read in light and dark, wide and narrow', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [400, 1400]) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: 900 })
        assert.deepEqual(await weakTexts(page), [], `${colorScheme}, ${width} px`)
      }
    }
  })

  await t.test('can be scrolled by keyboard, and respects reduced motion', async () => {
    await page.getByRole('link', { name: 'Ledger' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('table').waitFor()
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate('document.activeElement.ariaLabel'), 'Ledger table')
    await page.goBack()
    await page.locator('path.busy').first().waitFor({ state: 'attached' })
    const motion = () => page.evaluate("getComputedStyle(document.querySelector('path.busy')).animationName")
    assert.equal(await motion(), 'flow')
    await page.emulateMedia({ reducedMotion: 'reduce' })
    assert.equal(await motion(), 'none')
  })

  assert.deepEqual(errors, [])

  await t.test('says when nobody answers any more', async () => {
    await weir.kill()
    await eventually('it is noticed', async () => (await page.getByRole('status').textContent()) === 'not reachable')
  })
})

function config(closedPort: number): string {
  return `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
  statsd: { endpoint: 127.0.0.1:0 }
  http: { endpoint: 127.0.0.1:0 }
processors:
  windowed_counter: { windows: [1s] }
exporters:
  debug: { verbosity: none }
  victoriametrics: { endpoint: http://127.0.0.1:${closedPort}/api/v1/write }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    counts:
      receivers: [otlp, statsd, http]
      processors: [windowed_counter]
      exporters: [debug]
    spare:
      receivers: [statsd]
      processors: [windowed_counter]
      exporters: [victoriametrics]
`
}

function keepSending(t: TestContext, { otlp, events, statsdPort }: Weir): void {
  const socket = createSocket('udp4')
  const post = (url: string, body: object) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const dataPoints = [{ asInt: '3' }]
  const metrics = [{ name: 'orders', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints } }]
  const send = () => {
    socket.send('page.views:1|c|#page:home', statsdPort, '127.0.0.1')
    post(otlp, { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }).catch(() => {})
    post(events, { name: 'signup' }).catch(() => {})
  }
  socket.send(`${HOSTILE}:1|zz`, statsdPort, '127.0.0.1')
  const timer = setInterval(send, SEND_EVERY_MS)
  t.after(() => {
    clearInterval(timer)
    socket.close()
  })
}

const isOff = ({ from, to }: Line) => from > TOLERANCE || to > TOLERANCE
