import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { bundleForBrowsers } from '../../../scripts/build-client.ts'
import { blocksOf } from '../../docs/blocks.ts'
import { chromiumProgram, startChromium } from '../../servers/chromium.ts'
import { type Counting, startCounting } from './browser-weir.ts'

const { path: program, skip } = await chromiumProgram()
const TIMEOUT_MS = 120_000

/** A profile with Weir beside it. */
async function open(
  t: TestContext,
  files: Readonly<Record<string, string>> = {}
): Promise<{ context: BrowserContext; counting: Counting }> {
  const browser = await startChromium(program)
  t.after(() => browser.close())
  return { context: await browser.newContext(), counting: await startCounting(t, files) }
}

/** A tab with a client as `window.weir`. @param interval ms */
async function tab(context: BrowserContext, { page: url, endpoint }: Counting, interval = 1000): Promise<Page> {
  const page = await context.newPage()
  page.on('pageerror', error => assert.fail(error))
  await page.goto(url)
  await page.waitForFunction('window.createClient')
  await page.evaluate(
    `window.weir = createClient({ endpoint: '${endpoint}', interval: ${interval}, onDiagnostic() {} })`
  )
  return page
}

const click = (page: Page, n: number) => page.evaluate(`for (let i = 0; i < ${n}; i++) weir.event('click', { i })`)

/** As its user closes it. */
async function leave(page: Page): Promise<void> {
  const closed = page.waitForEvent('close')
  await page.close({ runBeforeUnload: true })
  await closed
}

/** For a service worker, which has no window. */
const WORKER = `
import { createClient } from '/client.js'
let weir
onmessage = event => {
  const { endpoint, n } = event.data
  weir ??= createClient({ endpoint })
  for (let i = 0; i < n; i++) weir.event('click', { i })
  event.waitUntil(weir.flush().then(() => event.source.postMessage('sent')))
}
`

test('1,000 events of a page that is closed in the midst of it', { skip, timeout: TIMEOUT_MS }, async t => {
  const { context, counting } = await open(t)
  const page = await tab(context, counting, 5000)
  for (let i = 0; i < 10; i++) await click(page, 100)
  await leave(page)
  // The rest is more than a page may leave behind. The next one finds it.
  await tab(context, counting)
  await counting.assertEvents(1000)
})

test('a page on another port of the host goes without a preflight', { skip, timeout: TIMEOUT_MS }, async t => {
  const { context, counting } = await open(t)
  const page = await tab(context, { ...counting, page: await counting.serveBeside() }, 5000)
  await click(page, 5)
  const sent = page.waitForRequest('**/v1/logs')
  await page.evaluate(`dispatchEvent(new Event('pagehide'))`)
  assert.equal((await sent).headers()['content-type'], 'text/plain')
  await counting.assertEvents(5)
})

test('offline and back: on the same page, and on one that is opened later', { skip, timeout: TIMEOUT_MS }, async t => {
  const { context, counting } = await open(t)
  const page = await tab(context, counting)
  await click(page, 10)
  await counting.assertEvents(10)
  await context.setOffline(true)
  await click(page, 200)
  await page.waitForTimeout(1500)
  await context.setOffline(false)
  await counting.assertEvents(210)
  await context.setOffline(true)
  await click(page, 300)
  await leave(page)
  await context.setOffline(false)
  assert.equal(await counting.received(), 210)
  await tab(context, counting)
  await counting.assertEvents(510)
})

test('two tabs share the queue: one sends what the other left behind', { skip, timeout: TIMEOUT_MS }, async t => {
  const { context, counting } = await open(t)
  const [one, two] = [await tab(context, counting), await tab(context, counting)]
  await Promise.all([click(one, 150), click(two, 150)])
  await counting.assertEvents(300)
  await context.setOffline(true)
  await Promise.all([click(one, 400), click(two, 50)])
  await leave(one)
  await context.setOffline(false)
  await counting.assertEvents(750)
})

test('a page that dies with a request on its way, which was taken', { skip, timeout: TIMEOUT_MS }, async t => {
  const { context, counting } = await open(t)
  const page = await tab(context, counting)
  let isDead = false
  const taken = Promise.withResolvers<void>()
  await context.route('**/v1/logs', async route => {
    if (isDead || route.request().method() !== 'POST') return route.continue()
    await route.fetch()
    taken.resolve()
  })
  await click(page, 100)
  await taken.promise
  const session = await context.newCDPSession(page)
  session.send('Page.crash').catch(() => {})
  await new Promise(resolve => page.once('crash', resolve))
  isDead = true
  await tab(context, counting)
  await counting.assertDuplicates(100)
  await counting.assertEvents(100)
})

test('a service worker', { skip, timeout: TIMEOUT_MS }, async t => {
  const { context, counting } = await open(t, { '/worker.js': WORKER })
  const page = await tab(context, counting)
  const answer = await page.evaluate(`(async () => {
    await navigator.serviceWorker.register('/worker.js', { type: 'module' })
    const { active } = await navigator.serviceWorker.ready
    const answer = new Promise(resolve => { navigator.serviceWorker.onmessage = event => resolve(event.data) })
    active.postMessage({ endpoint: '${counting.endpoint}', n: 70 })
    return answer
  })()`)
  assert.equal(answer, 'sent')
  await counting.assertEvents(70)
})

test('the page of the README', { skip, timeout: TIMEOUT_MS }, async t => {
  const [{ text }] = blocksOf('sdk/client/README.md').filter(({ language }) => language === 'html')
  const browser = await startChromium(program)
  t.after(() => browser.close())
  const counting = await startCounting(t, {
    '/weir-client.js': await bundleForBrowsers(),
    '/shop.html': '<!doctype html><button>buy</button><script type="module" src="/shop.js"></script>'
  })
  const script = /<script type="module">([\s\S]*)<\/script>/.exec(text)![1]
  counting.files['/shop.js'] = script.replace('https://weir.example.com', counting.endpoint)
  const page = await browser.newPage()
  await page.goto(`${counting.page}/shop.html`)
  await page.click('button')
  await leave(page)
  // What a busy browser has not sent when it closes a page, the next page of the same origin sends.
  const next = await browser.newPage()
  await next.goto(counting.page)
  await next.evaluate(`createClient({ endpoint: ${JSON.stringify(counting.endpoint)} })`)
  await counting.assertEvents(1)
  const { account } = await counting.weir.component('processor dedup/metrics')
  assert.equal(account.sent, 1)
})
