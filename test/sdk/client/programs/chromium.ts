// The program of the conformance test, see ../conformance.ts, for a page in Chromium.
import { bundleForBrowsers } from '../../../../scripts/build-client.ts'
import { chromiumProgram, startChromium } from '../../../servers/chromium.ts'

/** Shorter than usual, so that requests meet all faults soon. */
const INTERVAL_MS = 1000
const SOURCE = `
import { createClient } from './sdk/client/browser/index.ts'
import { record } from './test/sdk/client/programs/calls.ts'
globalThis.run = (endpoint, seconds) =>
  record(createClient({ endpoint, interval: ${INTERVAL_MS}, onDiagnostic() {} }), seconds)
`

const [endpoint, seconds] = process.argv.slice(2)
const resolveDir = new URL('../../../..', import.meta.url).pathname
const script = await bundleForBrowsers({ entryPoints: undefined, stdin: { contents: SOURCE, resolveDir } })
const browser = await startChromium((await chromiumProgram()).path)
const page = await browser.newPage()
// Its origin is that of the endpoint, so that every answer is its to read.
await page.route(`${endpoint}/page`, route => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }))
await page.goto(`${endpoint}/page`)
await page.addScriptTag({ type: 'module', content: script })
await page.waitForFunction('globalThis.run')
console.log(JSON.stringify(await page.evaluate(`run('${endpoint}', ${seconds})`)))
await browser.close()
