// The time in which the page opens a dashboard of 12 panels, by the browser's own clock, on the data of `bench:queries`:
//
//     npm run bench:queries -- --data FOLDER
//     npm run bench:page -- --data FOLDER [--runs 5]
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import type { Dashboard } from '../core/admin/dashboards/dashboard.ts'
import { buildPage } from '../scripts/build-page.ts'
import { chromiumProgram, startChromium } from '../test/servers/chromium.ts'
import { freePort } from '../test/servers/free-port.ts'
import { ProgramProcess } from './programs/process.ts'
import { PANELS, VIEWS, type View } from './queries/dashboard.ts'
import type { Extent } from './queries/samples.ts'

const MAIN = path.join(import.meta.dirname, '../bin/weir.js')
/** All panels are in sight. */
const VIEWPORT = { width: 1400, height: 3000 }
const DEADLINE_MS = 120_000
/** A store that was just opened merges parts, and expires rows. */
const STARTED_MS = 5000
/** The browser starts a process for a new tab, which takes half a second of CPU that no page is to blame for. */
const TAB_STARTED_MS = 1000
/** Ms since the navigation began, in the frame after each panel has a chart. A look at each frame would take CPU. */
const DRAWN = `new Promise(resolve => {
  const isDrawn = panel => !panel.hasAttribute('aria-busy') && panel.querySelector('canvas') !== null
  const look = () => {
    const panels = document.querySelectorAll('.cell .panel')
    if (panels.length !== ${PANELS.length} || ![...panels].every(isDrawn)) return
    observer.disconnect()
    requestAnimationFrame(() => resolve(performance.now()))
  }
  const observer = new MutationObserver(look)
  observer.observe(document, { subtree: true, childList: true, attributeFilter: ['aria-busy'] })
  look()
})`

const { values } = parseArgs({ options: { data: { type: 'string' }, runs: { type: 'string', default: '5' } } })
if (values.data === undefined) throw new Error('name the folder of bench:queries: --data FOLDER')
const { path: chromium, skip } = await chromiumProgram()
if (skip) throw new Error(skip)
const { end }: Extent = JSON.parse(await readFile(path.join(values.data, 'extent.json'), 'utf8'))
await buildPage()
const folder = await mkdtemp(path.join(os.tmpdir(), 'weir-bench-page-'))
const browser = await startChromium(chromium)
try {
  // The benchmark of queries may be running on the other one.
  await cp(path.join(values.data, 'clickhouse'), path.join(folder, 'clickhouse'), { recursive: true })
  for (const view of VIEWS) {
    await writeFile(path.join(folder, `${idOf(view)}.json`), JSON.stringify(dashboardOf(view)))
    await measure(view)
  }
} finally {
  await browser.close()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

/** Cold is the first time that a Weir is asked, which began some seconds ago, and that a browser loads the page. */
async function measure(view: View): Promise<void> {
  const cold: number[] = []
  const warm: number[] = []
  for (let run = 0; run < Number(values.runs); run++) {
    const { weir, admin } = await startWeir()
    await setTimeout(STARTED_MS)
    const context = await browser.newContext({ viewport: VIEWPORT })
    const page = await context.newPage()
    await setTimeout(TAB_STARTED_MS)
    const url = `${admin}/#dashboards?name=${idOf(view)}&from=${end / 1000 - view.lengthS}&to=${end / 1000}`
    cold.push(await opened(page, url))
    warm.push(await opened(page, url))
    await context.close()
    await weir.stop()
  }
  const median = (all: number[]) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)].toFixed(0)
  console.log(
    `${view.name.padEnd(5)} cold ${median(cold)} ms, warm ${median(warm)} ms (medians of ${values.runs}), load ${os.loadavg()[0].toFixed(1)}`
  )
}

async function opened(page: Page, url: string): Promise<number> {
  page.setDefaultTimeout(DEADLINE_MS)
  await page.goto('about:blank')
  await page.goto(url)
  return page.evaluate<number>(DRAWN)
}

async function startWeir(): Promise<{ weir: ProgramProcess; admin: string }> {
  const admin = `127.0.0.1:${await freePort()}`
  const file = path.join(folder, 'weir.yaml')
  await writeFile(
    file,
    `
receivers: { otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } } }
exporters: { clickhouse: { embedded: ${folder}/clickhouse, ttl: 2d } }
extensions: { query_api: { endpoint: 127.0.0.1:0, store: clickhouse } }
service:
  admin: { endpoint: "${admin}", dashboards: ${folder} }
  log: { level: warn }
  extensions: [query_api]
  pipelines: { metrics: { receivers: [otlp], exporters: [clickhouse] } }
`
  )
  const command = [process.execPath, MAIN, 'run', '--config', file]
  return { weir: await ProgramProcess.start(command, folder, `http://${admin}/readyz`), admin: `http://${admin}` }
}

function dashboardOf({ name, range }: View): Dashboard {
  const panels = PANELS.map(panel => ({
    kind: 'line' as const,
    title: panel.name,
    width: 4,
    queries: [{ promql: panel.query(range) }]
  }))
  return { title: name, rows: [{ panels }] }
}

function idOf({ name }: View): string {
  return name.replace(' ', '')
}
