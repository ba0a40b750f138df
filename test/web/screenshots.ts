import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { ROOT } from '../e2e/weir-process.ts'

/** Kept until the next run, to be looked at. */
const FOLDER = path.join(ROOT, 'dist/screenshots')
const WIDTHS = { desktop: 1280, phone: 400 } as const

/** Calls `check` with the page in light and dark, wide and narrow, and keeps a picture of each. */
export async function inAllLooks(page: Page, name: string, check: (look: string) => Promise<void>): Promise<void> {
  await mkdir(FOLDER, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [device, width] of Object.entries(WIDTHS)) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 900 })
      const look = `${name}-${device}-${colorScheme}`
      await check(look)
      await page.screenshot({ path: path.join(FOLDER, `${look}.png`), fullPage: true, caret: 'initial' })
    }
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: WIDTHS.desktop, height: 900 })
}
