import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { eventually } from '../e2e/eventually.ts'
import { QUICKSTART, quickstartPorts } from '../e2e/quickstart-config.ts'
import { Sandbox } from '../e2e/weir-process.ts'
import { chromiumProgram, startChromium } from '../servers/chromium.ts'
import { freePort } from '../servers/free-port.ts'
import { axeFaults } from './axe.ts'
import { testEventsTab } from './events-tab.ts'
import { openPage, weakTexts } from './open-page.ts'
import { retype } from './retype.ts'
import { inAllLooks } from './screenshots.ts'
import { sendShop, USERS } from './shop.ts'

const HOSTILE = '<img src=x onerror="window.hit = true">'
/** Said by the browser of each answer that the tests make fail. */
const EXPECTED_COMPLAINTS = /Failed to load resource: (net::ERR_FAILED|the server responded with a status of 4\d\d)/

const { path: chromium, skip } = await chromiumProgram()

test('dashboards and events on the page', { skip }, async t => {
  const browser = await startChromium(chromium)
  t.after(() => browser.close())
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(quickstartPorts(await freePort()), '--config', QUICKSTART)
  const file = (name: string) => sandbox.path('data/dashboards', `${name}.json`)
  const { page, errors } = await openPage(browser, `${weir.admin}/#dashboards?name=quickstart`, { width: 1280 })
  const open = async (hash: string) => {
    await page.goto('about:blank')
    await page.goto(`${weir.admin}/${hash}`)
  }
  const saveButton = page.getByRole('button', { name: 'Save', exact: true })
  /** Until the dashboard is drawn as it is saved. A click while it is drawn anew would hit what is gone. */
  const save = async () => {
    await eventually('it is saved', async () => {
      if (await saveButton.isEnabled()) await saveButton.click()
      return saveButton.isDisabled()
    })
  }
  const panel = (title: string) => page.getByRole('article', { name: title, exact: true })
  const looksWell = (name: string) =>
    inAllLooks(page, name, async look => {
      assert.deepEqual(await weakTexts(page), [], look)
      assert.equal(await page.evaluate('measure.overflow()'), 0, `the page is wider than the window: ${look}`)
      assert.deepEqual(await axeFaults(page), [], look)
    })

  await t.test('a dashboard that was opened before there was data shows it when it comes', async () => {
    await panel('A second').getByText('There is no value of $metric in this range to choose.').waitFor()
    await sendShop(weir, HOSTILE)
    await panel('A second').getByRole('img').waitFor()
  })

  await t.test('lists the dashboards that come with Weir, and makes a new one', async () => {
    await page.getByRole('link', { name: 'All dashboards' }).click()
    const items = page.getByRole('main').getByRole('listitem')
    await items.nth(2).waitFor()
    assert.deepEqual(await items.getByRole('link').allTextContents(), ['Product events', 'Quickstart', 'Weir itself'])
    await page.getByLabel('Name of a new dashboard').fill('shop')
    await page.getByRole('button', { name: 'Create' }).click()
    await page.getByRole('textbox', { name: 'Title of the dashboard' }).waitFor()
    assert.match(page.url(), /#dashboards\?name=shop&edit=yes/)
    assert.equal(JSON.parse(await readFile(file('shop'), 'utf8')).title, 'shop')
  })

  await t.test('a panel is made in the form, shown, and saved', async () => {
    await page.getByRole('button', { name: 'Add panel to row 1' }).click()
    const form = page.getByRole('dialog')
    assert.deepEqual(await axeFaults(page), [], 'the form')
    await form.getByLabel('Title').fill('Orders')
    await form.getByRole('button', { name: 'Apply' }).click()
    const editor = form.locator('.cm-content')
    await editor.waitFor()
    assert.equal(await form.count(), 1, 'a query that is empty gets the focus')
    await retype(editor, 'sum by (plan) (orders_t')
    await page.getByRole('option', { name: 'orders_total' }).click()
    assert.equal(await editor.textContent(), 'sum by (plan) (orders_total)')
    await retype(editor, 'sum by (plan (orders_total)')
    await page.keyboard.press('Escape')
    await form.getByRole('button', { name: 'Apply' }).click()
    const orders = panel('Orders')
    await orders.getByText(/1:\d+: parse error/).waitFor()
    await page.getByRole('button', { name: 'Save' }).click()
    await page
      .getByText(/^shop\.json:\d+:\d+: rows\[0\]\.panels\[0\]\.queries\[0\]\.promql: 1:\d+: parse error/)
      .waitFor()
    await page.getByRole('button', { name: 'Edit Orders' }).click()
    await form.getByLabel('PromQL').focus()
    await editor.waitFor()
    await retype(editor, 'sum by (plan) (orders_total)')
    await form.getByLabel('Legend').fill('plan {{plan}}')
    await form.getByRole('button', { name: 'Apply' }).click()
    await orders.getByRole('img').waitFor()
    await save()
    assert.match(await readFile(file('shop'), 'utf8'), /plan \{\{plan\}\}/)
    assert.deepEqual(await axeFaults(page), [], 'what is edited')
    await page.getByRole('button', { name: 'Done' }).click()
    const series = orders.getByRole('list', { name: 'Series' }).locator('button')
    // At once: the list of before is replaced by that of the dashboard that is shown.
    const names = await eventually('each plan is there', async () => {
      const texts = await series.allTextContents()
      return texts.length === 3 && texts
    })
    assert.deepEqual(names.sort(), [`plan ${HOSTILE}`, 'plan free', 'plan pro'])
    assert.equal(await page.locator('img').count(), 0)
    assert.equal(await page.evaluate('window.hit'), undefined)
  })

  await t.test('a variable is made in the form, and "all" of several is each value that there is', async () => {
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await page.getByRole('button', { name: 'Variables' }).click()
    const form = page.getByRole('dialog')
    await form.getByRole('button', { name: 'Add variable' }).click()
    await form.getByRole('button', { name: 'Add variable' }).click()
    const [first, second] = await form.getByRole('listitem').all()
    await first.getByLabel('Name, for $name').fill('window')
    await first.getByLabel('Kind').selectOption('fixed')
    await first.getByLabel('Values, one a line').fill('1m\n1h')
    await second.getByLabel('Name, for $name').fill('plan')
    await second.getByLabel('Label', { exact: true }).fill('plan')
    await second.getByLabel('Selector of the series').fill('orders_total')
    await second.getByLabel(/Several values/).check()
    await second.getByRole('button', { name: 'Move variable back' }).click()
    assert.deepEqual(await axeFaults(page), [], 'the form of variables')
    await form.getByRole('button', { name: 'Apply' }).click()
    await page.getByRole('combobox', { name: 'window' }).waitFor()
    await page.getByRole('button', { name: 'Edit Orders' }).click()
    await form.getByLabel('PromQL').focus()
    const editor = form.locator('.cm-content')
    await editor.waitFor()
    await retype(editor, 'sum by (plan) ({plan=~"$plan"})')
    await form.getByRole('button', { name: 'Apply' }).click()
    await save()
    assert.deepEqual(JSON.parse(await readFile(file('shop'), 'utf8')).variables, [
      { kind: 'label', name: 'plan', label: 'plan', match: 'orders_total', multiple: true },
      { kind: 'fixed', name: 'window', values: ['1m', '1h'] }
    ])
    await page.getByRole('button', { name: 'Done' }).click()
    await panel('Orders').getByRole('img').waitFor()
    const shown = panel('Orders').getByRole('list', { name: 'Series' }).locator('button')
    await eventually('each plan is there', async () => (await shown.count()) === 3)
  })

  await t.test('regression: what was typed while a save was under way was lost', async () => {
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    const title = page.getByRole('textbox', { name: 'Title of the dashboard' })
    await title.fill('First')
    await page.keyboard.press('Tab')
    const { promise: isTyped, resolve: typed } = Promise.withResolvers<void>()
    await page.route('**/api/dashboards/shop', async route => {
      if (route.request().method() === 'PUT') await isTyped
      await route.continue()
    })
    await page.getByRole('button', { name: 'Save' }).click()
    await title.fill('Second')
    await page.keyboard.press('Tab')
    const reloaded = page.waitForResponse(
      response => response.request().method() === 'GET' && response.url().endsWith('/shop')
    )
    typed()
    await reloaded
    await page.unroute('**/api/dashboards/shop')
    assert.equal(JSON.parse(await readFile(file('shop'), 'utf8')).title, 'First')
    await save()
    assert.equal(JSON.parse(await readFile(file('shop'), 'utf8')).title, 'Second')
    await title.fill('shop')
    await page.keyboard.press('Tab')
    await save()
    await page.getByRole('button', { name: 'Done' }).click()
  })

  await t.test('a change that somebody else has made is not overwritten', async () => {
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await page.getByRole('textbox', { name: 'Title of the dashboard' }).fill('Mine')
    await page.keyboard.press('Tab')
    const theirs = (await readFile(file('shop'), 'utf8')).replace('"shop"', '"Theirs"')
    await writeFile(file('shop'), theirs)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('the dashboard shop is not the one that was changed').waitFor()
    assert.equal(await readFile(file('shop'), 'utf8'), theirs)
    await page.getByRole('link', { name: 'Ledger' }).click()
    await page.goBack()
    await page.getByText('Save a copy').click()
    await page.getByLabel('Name of the copy').fill('mine')
    await page.keyboard.press('Enter')
    await page.waitForURL(/name=mine/)
    assert.equal(JSON.parse(await readFile(file('mine'), 'utf8')).title, 'Mine')
    await open('#dashboards?name=shop')
    await page.getByRole('heading', { name: 'Theirs' }).waitFor()
  })

  await t.test('a broken file is listed with its mistake, and mended as JSON', async () => {
    await writeFile(file('broken'), '{ "title": "Broken",\n  "rows": [{ "panels": [{ "kind": "lines" }] }] }')
    await open('#dashboards')
    await page.getByText('broken.json:2:').waitFor()
    await page.getByRole('link', { name: 'Broken' }).click()
    await page.getByText(/expected one of line, bar, .*did you mean "line"/).waitFor()
    await page.getByRole('button', { name: 'JSON' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox').fill('{ "title": "Mended", "rows": [{ "title": "One", "panels": [{ }] }] }')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('broken.json:1:').waitFor()
    await dialog.getByRole('textbox').fill('{ "title": "Mended", "rows": [{ "title": "One", "panels": [] }] }')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'One' }).waitFor()
  })

  await t.test('variables, range and values are in the link, and a reload keeps them', async () => {
    await open('#dashboards?name=quickstart')
    await page.getByRole('combobox', { name: 'Metric' }).selectOption('orders')
    await page.getByRole('combobox', { name: 'By' }).selectOption('plan')
    await page.getByRole('button', { name: '5m', exact: true }).click()
    const table = panel('In this range, by $by').or(panel('In this range, by plan')).getByRole('table')
    await table.getByRole('cell', { name: 'pro' }).waitFor()
    await page.reload()
    await table.getByRole('cell', { name: 'pro' }).waitFor()
    assert.equal(await page.getByRole('combobox', { name: 'Metric' }).inputValue(), 'orders')
    assert.match(page.url(), /var-metric=orders&var-by=plan&from=now-5m|from=now-5m.*var-metric=orders&var-by=plan/)
    await panel('Distribution')
      .getByRole('img', { name: /^Heatmap of \d+ buckets/ })
      .waitFor()
    await looksWell('dashboard-quickstart')
  })

  await t.test('charts share their cursor', async () => {
    await panel('A second').locator('.u-over').hover()
    const cursor = panel('Exact counts of windows').locator('.u-cursor-x')
    await eventually('a cursor on the other chart', async () => {
      const { x } = (await cursor.boundingBox()) ?? { x: Number.NEGATIVE_INFINITY }
      return x > 0
    })
  })

  await t.test('panels that are out of sight ask nothing', async () => {
    const asked = new Set<string>()
    page.on('request', request => asked.add(queryOf(request.url(), request.postData())))
    const hasAsked = (metric: string) => [...asked].some(query => query.includes(metric))
    await open('#dashboards?name=weir&from=now-5m&to=now')
    await eventually('the first row has asked', () => hasAsked('weir_component_up'))
    await panel('Received, items a second').getByRole('img').waitFor()
    assert.equal(hasAsked('process_cpu_seconds_total'), false)
    await panel('Cores in use').scrollIntoViewIfNeeded()
    await eventually('the last row has asked', () => hasAsked('process_cpu_seconds_total'))
    await panel('Cores in use').getByRole('img').waitFor()
  })

  await t.test('an answer that fails is told in the place of its chart, and comes back by itself', async () => {
    await open('#dashboards?name=shop&from=now-5m&to=now')
    await panel('Orders').getByRole('img').waitFor()
    await page.route('**/query_range*', route => route.abort())
    await panel('Orders').getByText('Weir does not answer').waitFor()
    await page.unroute('**/query_range*')
    await panel('Orders').getByRole('img').waitFor()
    await open('#dashboards?name=shop&from=1000&to=2000')
    await panel('Orders').getByText('No data in this range.').waitFor()
  })

  await t.test('funnel, retention and counts of the dashboard of events', async () => {
    await open('#dashboards?name=product-events')
    await panel('Distinct users').getByText(String(USERS), { exact: true }).waitFor()
    const second = panel('Funnel').getByRole('listitem').nth(1)
    await second.getByText('50 % of the first, 50 % of the one before').waitFor()
    assert.match((await second.textContent())!, new RegExp(`^2\\. checkout${USERS / 2}50 %`))
    await panel('Retention').scrollIntoViewIfNeeded()
    await panel('Retention').getByRole('table').waitFor()
    await looksWell('dashboard-events')
  })

  await t.test('a file is removed, and the list has it no more', async () => {
    await open('#dashboards?name=shop&edit=yes')
    await page.getByRole('button', { name: 'Remove dashboard' }).click()
    await page.getByRole('heading', { name: 'Dashboards' }).waitFor()
    await assert.rejects(readFile(file('shop')), { code: 'ENOENT' })
    await eventually(
      'the list is there',
      async () => (await page.getByRole('main').getByRole('listitem').count()) === 5
    )
  })

  await testEventsTab(t, { page, weir, open, looksWell }, HOSTILE)

  assert.deepEqual(
    errors.filter(error => !EXPECTED_COMPLAINTS.test(error)),
    []
  )
})

/** The PromQL of a request. */
function queryOf(url: string, form: string | null): string {
  return new URL(url).searchParams.get('query') ?? new URLSearchParams(form ?? '').get('query') ?? ''
}
