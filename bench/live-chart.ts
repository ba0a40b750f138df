// Heap and nodes of pages that are live for a time: charts of Explore, and the dashboard of the quickstart.
//
//     npm run bench:live-chart -- [--seconds 3600] [--every 300]
//
// It fails if one of them grows once its range is full of data.
import os from 'node:os'
import { parseArgs } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { buildPage } from '../scripts/build-page.ts'
import { QUICKSTART, quickstartPorts } from '../test/e2e/quickstart-config.ts'
import { Sandbox, type Weir } from '../test/e2e/weir-process.ts'
import { chromiumProgram, startChromium } from '../test/servers/chromium.ts'
import { type Footprint, footprint } from '../test/web/footprint.ts'
import { sendShop } from '../test/web/shop.ts'

const RANGE_S = 900
const SEND_EVERY_MS = 5000
/** Garbage collectors leave a little more at one time than at another. */
const MOST_GROWTH = 1.15
const VIEWPORT = { width: 1400, height: 2000 }
const QUERIES = {
  line: 'sum by (plan) (rate(orders_total[1m]))',
  heatmap: 'sum by (le) (increase(checkout_time_milliseconds_bucket[1m]))'
}

interface Live {
  readonly name: string
  readonly page: Page
  /** After the range was full. */
  first?: Footprint
  last?: Footprint
  requests: number
}

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '3600' }, every: { type: 'string', default: '300' } }
})
const [seconds, every] = [Number(values.seconds), Number(values.every)]
if (!(seconds > RANGE_S + every)) throw new Error(`--seconds: more than ${RANGE_S} for the range, and --every`)
const { path: chromium, skip } = await chromiumProgram()
if (skip) throw new Error(skip)
await buildPage()
const closers: (() => unknown)[] = []
const sandbox = await Sandbox.open({ after: close => void closers.push(close as () => unknown) })
const browser = await startChromium(chromium)
closers.push(() => browser.close())
try {
  const weir = await sandbox.start(quickstartPorts(), '--config', QUICKSTART)
  const sender = setInterval(() => void sendShop(weir, 'team').catch(console.error), SEND_EVERY_MS)
  closers.push(() => clearInterval(sender))
  await sendShop(weir, 'team')
  const pages = await openAll(browser, weir)
  for (let at = every; at <= seconds; at += every) {
    await new Promise(resolve => setTimeout(resolve, every * 1000))
    for (const live of pages) await measure(live, at)
  }
  process.exitCode = pages.filter(grew).length === 0 ? 0 : 1
} finally {
  for (const close of closers.reverse()) await close()
}

async function openAll(from: Browser, { admin }: Weir): Promise<Live[]> {
  const explore = (as: keyof typeof QUERIES) =>
    `explore?${new URLSearchParams({ query: QUERIES[as], as, from: `now-${RANGE_S}s`, to: 'now' })}`
  const places = {
    line: explore('line'),
    heatmap: explore('heatmap'),
    dashboard: `dashboards?name=quickstart&from=now-${RANGE_S}s&to=now`
  }
  return Promise.all(
    Object.entries(places).map(async ([name, place]) => {
      const page = await from.newPage({ viewport: VIEWPORT })
      const live: Live = { name, page, requests: 0 }
      page.on('request', () => live.requests++)
      page.on('console', message => message.type() === 'error' && console.error(name, message.text()))
      await page.goto(`${admin}/#${place}`)
      return live
    })
  )
}

async function measure(live: Live, at: number): Promise<void> {
  const charts = await live.page.locator('canvas').count()
  if (charts === 0) throw new Error(`${live.name} shows no chart: ${await live.page.locator('main').textContent()}`)
  const taken = await footprint(live.page)
  const { heap, nodes, listeners } = taken
  if (at > RANGE_S) {
    live.first ??= taken
    live.last = taken
  }
  const figures = [
    `${charts} charts`,
    `${(heap / 1e6).toFixed(2)} MB`,
    `${nodes} nodes`,
    `${listeners} listeners`,
    `${live.requests} requests`
  ]
  console.log(
    `${String(at).padStart(5)} s  ${live.name.padEnd(9)} ${figures.join(', ')}, load ${os.loadavg()[0].toFixed(1)}`
  )
}

function grew({ name, first, last }: Live): boolean {
  const all = (['heap', 'nodes', 'listeners'] as const).filter(figure => last![figure] > first![figure] * MOST_GROWTH)
  if (all.length > 0) console.error(`${name} grew: ${all.join()}`)
  return all.length > 0
}
