import path from 'node:path'
import type { Browser, Page } from 'playwright-core'

const LEAST_CONTRAST = 4.5
const TIMEOUT_MS = 15_000

interface Text {
  readonly text: string
  readonly contrast: number
}

/** A tab of the admin page, with `measure` in it, and what it has complained of so far. */
export async function openPage(browser: Browser, url: string, { width }: { width: number }) {
  const page: Page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: 'light' })
  page.setDefaultTimeout(TIMEOUT_MS)
  const errors: string[] = []
  page.on('pageerror', error => errors.push(error.message))
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text())
  })
  await page.addInitScript({ path: path.join(import.meta.dirname, 'measure.js') })
  await page.goto(url)
  await page.locator('main > *').first().waitFor()
  return { page, errors }
}

/** Texts that cannot be read well on what is behind them. */
export async function weakTexts(page: Page): Promise<readonly Text[]> {
  const texts = await page.evaluate<Text[]>('measure.contrasts()')
  return texts.filter(({ contrast }) => contrast < LEAST_CONTRAST)
}
