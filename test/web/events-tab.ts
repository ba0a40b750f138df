import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { eventually } from '../e2e/eventually.ts'
import type { Weir } from '../e2e/weir-process.ts'
import { sendEvent, USERS } from './shop.ts'

const VISIBLE_WITHIN_MS = 10_000

/** A page, and how it is used. */
export interface OpenedPage {
  readonly page: Page
  readonly weir: Weir
  /** Loads the page anew with this hash. */
  open(hash: string): Promise<void>
  /** Looks at it in light and dark, wide and narrow. */
  looksWell(name: string): Promise<void>
}

/** The tab of events, with those of {@link sendShop} in the store. @param hostile one of its plans */
export async function testEventsTab(t: TestContext, opened: OpenedPage, hostile: string): Promise<void> {
  await testQuestions(t, opened, hostile)
  await testLatest(t, opened, hostile)
}

async function testQuestions(t: TestContext, { page, open, looksWell }: OpenedPage, hostile: string): Promise<void> {
  const ask = (name: string) => page.getByRole('button', { name, exact: true }).click()
  const choose = (label: string, value: string) =>
    page.getByRole('combobox', { name: label, exact: true }).selectOption(value)
  const row = (name: string | RegExp) => page.getByRole('row', { name })

  await t.test('events: counts by an attribute over time, and in the whole range', async () => {
    await open('#events')
    await choose('Event', 'signup')
    await choose('By', 'plan')
    await page.getByRole('img', { name: '3 series over time' }).waitFor()
    const figures = page.locator('.figures')
    await eventually('each plan has its number', async () => {
      const [names, numbers] = await Promise.all(['dt', 'dd'].map(tag => figures.locator(tag).allTextContents()))
      assert.deepEqual(Object.fromEntries(names.map((name, i) => [name, numbers[i]])), {
        pro: '4',
        free: '5',
        [hostile]: '1'
      })
      return true
    })
    assert.equal(await page.locator('img').count(), 0)
    await looksWell('events-counts')
  })

  await t.test('events: distinct values, and the most frequent ones', async () => {
    await ask('Distinct')
    await page.getByRole('heading', { name: 'Distinct user_id over time' }).waitFor()
    await choose('By', '')
    await page.locator('.figures').getByText(String(USERS), { exact: true }).waitFor()
    await ask('Top values')
    await choose('Attribute', 'plan')
    await row(/^free/).getByRole('cell', { name: '5' }).waitFor()
  })

  await t.test('events: a funnel of three steps, and a reload that keeps it', async () => {
    await choose('Event', '')
    await ask('Funnel')
    await page.getByLabel('Step 1').fill('signup')
    await page.getByLabel('Step 2').fill('checkout')
    await page.getByRole('button', { name: 'Add step' }).click()
    await page.getByLabel('Step 3', { exact: true }).fill('checkout{plan="nobody"}')
    await page.keyboard.press('Enter')
    const reached = async () =>
      (await page.getByRole('list', { name: 'Funnel' }).locator('strong').allTextContents()).join()
    await eventually('three steps', async () => (await reached()) === [USERS, USERS / 2, 0].join())
    await page.reload()
    await eventually('three steps again', async () => (await reached()) === [USERS, USERS / 2, 0].join())
    assert.equal(await page.getByLabel('Step 3', { exact: true }).inputValue(), 'checkout{plan="nobody"}')
    await looksWell('events-funnel')
  })

  await t.test('events: retention by days', async () => {
    await ask('Retention')
    await page.getByLabel('Came back by').fill('checkout')
    await page.keyboard.press('Enter')
    await eventually('half of those who joined today', async () => {
      const cells = await row(new RegExp(`^${today()}`))
        .getByRole('cell')
        .allTextContents()
      assert.deepEqual(cells.slice(0, 2), [String(USERS), '50 %'])
      return true
    })
  })

  await t.test('events: a wrong selector is told where the answer would be', async () => {
    await ask('Counts')
    await page.getByLabel('Where').fill('{plan=')
    await page.keyboard.press('Enter')
    await page
      .getByText(/invalid parameter "where": 1:7/)
      .first()
      .waitFor()
    await page.getByLabel('Where').fill('{plan="free"}')
    await page.keyboard.press('Enter')
    await page.getByRole('img', { name: /series over time/ }).waitFor()
    await open('#events?from=1000&to=2000')
    await page.getByText('No events in this range. A pipeline with items: [events]').waitFor()
  })
}

async function testLatest(t: TestContext, { page, weir, open, looksWell }: OpenedPage, hostile: string): Promise<void> {
  const table = page.getByRole('region', { name: 'Latest events' })
  const names = () => table.locator('tbody td:nth-of-type(1)').allTextContents()

  await t.test('events: the latest ones, and new ones as they come', async () => {
    await open('#events?ask=latest&from=now-1h&to=now')
    await eventually('all events', async () => (await names()).length === USERS * 1.5)
    const begun = performance.now()
    await sendEvent(weir, { id: 'late', name: 'late', timestamp: Date.now() - 3000, attributes: {} })
    await sendEvent(weir, { id: 'refund', name: 'refund', attributes: { plan: 'pro' } })
    await eventually('the new one is the first', async () => (await names())[0] === 'refund')
    const ms = performance.now() - begun
    t.diagnostic(`a new event is shown after ${Math.round(ms)} ms`)
    assert.ok(ms < VISIBLE_WITHIN_MS, `after ${ms} ms`)
    await eventually('one that was late is in its place', async () => (await names())[1] === 'late')
    assert.equal((await names()).length, USERS * 1.5 + 2)
  })

  await t.test('events: a click on a value shows only its events', async () => {
    await table
      .getByRole('button', { name: `plan=${hostile}` })
      .first()
      .click()
    await eventually('two events', async () => (await names()).length === 2)
    assert.equal(await page.getByLabel('Where').inputValue(), `{plan=${JSON.stringify(hostile)}}`)
    await table.getByRole('button', { name: 'user_id=u0' }).first().click()
    await eventually('both values', async () =>
      (await page.getByLabel('Where').inputValue()).includes(', user_id="u0"}')
    )
    assert.equal(await page.locator('img').count(), 0)
    await looksWell('events-latest')
  })
}

/** Where the browser is. */
function today(): string {
  const now = new Date()
  const two = (value: number) => String(value).padStart(2, '0')
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
}
