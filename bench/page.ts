// A dashboard of twelve panels on the page, over thirty days, in Chromium: the time from its opening until all are drawn.
//
//     npm run bench:queries -- --data FOLDER --runs 1     makes the samples
//     npm run bench:page -- --data FOLDER [--runs 5]
//
// Cold: Weir has just been started. Warm: the page is opened again, in a browser without a cache of its own.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import type { Browser } from 'playwright-core'
import { chromiumProgram, startChromium } from '../test/servers/chromium.ts'
import { freePort } from '../test/servers/free-port.ts'
import { ProgramProcess } from './programs/process.ts'
import { PANELS, VIEWS } from './queries/dashboard.ts'
import type { Extent } from './queries/samples.ts'

const MAIN = path.join(import.meta.dirname, '../bin/weir.js')
const TIMEOUT_MS = 120_000
const VIEW = VIEWS.at(-1)!
/** All panels are in sight: the others would not be asked for. */
const VIEWPORT = { width: 1920, height: 2600 }
/** Counted by the browser, from the start of the navigation on. */
const DRAWN = `new Promise(resolve => {
  const look = () => document.querySelectorAll('[data-draw-ms]').length === ${PANELS.length}
    ? resolve(performance.now())
    : requestAnimationFrame(look)
  look()
})`

const { values } = parseArgs({ options: { data: { type: 'string' }, runs: { type: 'string', default: '5' } } })
if (values.data === undefined) throw new Error('give --data, a folder that bench:queries made')
const folder = path.resolve(values.data)
const extent: Extent = JSON.parse(await readFile(path.join(folder, 'extent.json'), 'utf8'))
const { path: program, skip } = await chromiumProgram()
if (skip) throw new Error(skip)
const browser = await startChromium(program)
try {
  const cold: number[] = []
  const warm: number[] = []
  for (let i = 0; i < Number(values.runs); i++) {
    const admin = await freePort()
    const weir = await startWeir(admin)
    try {
      cold.push(await opened(browser, admin))
      warm.push(await opened(browser, admin))
    } finally {
      await weir.stop()
    }
  }
  console.log(`${PANELS.length} panels over ${VIEW.name}, ms until all are drawn, load ${os.loadavg()[0].toFixed(1)}`)
  console.log(`cold: ${cold.map(Math.round).join(', ')}`)
  console.log(`warm: ${warm.map(Math.round).join(', ')}`)
} finally {
  await browser.close()
}

async function startWeir(admin: number): Promise<ProgramProcess> {
  const dashboards = path.join(folder, 'dashboards')
  await mkdir(dashboards, { recursive: true })
  const panels = PANELS.map(({ name, query }) => ({
    kind: 'line',
    title: name,
    width: 4,
    queries: [{ promql: query(VIEW.range) }]
  }))
  await writeFile(
    path.join(dashboards, 'bench.json'),
    JSON.stringify({ title: 'Bench', rows: [{ title: 'All', panels }] })
  )
  const file = path.join(folder, 'page.yaml')
  await writeFile(
    file,
    `
receivers: { otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } } }
exporters: { clickhouse: { embedded: ${folder}/clickhouse, ttl: 2d } }
extensions: { query_api: { endpoint: 127.0.0.1:0, store: clickhouse } }
service:
  admin: { endpoint: 127.0.0.1:${admin}, dashboards: ${dashboards} }
  log: { level: warn }
  extensions: [query_api]
  pipelines: { metrics: { receivers: [otlp], exporters: [clickhouse] } }
`
  )
  const command = [process.execPath, MAIN, 'run', '--config', file]
  return ProgramProcess.start(command, folder, `http://127.0.0.1:${admin}/readyz`)
}

/** In a window that knows nothing of the ones before. */
async function opened(browser: Browser, admin: number): Promise<number> {
  const context = await browser.newContext({ viewport: VIEWPORT })
  try {
    const page = await context.newPage()
    page.setDefaultTimeout(TIMEOUT_MS)
    const end = extent.end / 1000
    await page.goto(`http://127.0.0.1:${admin}/#dashboards?name=bench&from=${end - VIEW.lengthS}&to=${end}`)
    return await page.evaluate<number>(DRAWN)
  } finally {
    await context.close()
  }
}
