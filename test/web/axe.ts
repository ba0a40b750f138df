import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const BAD = ['serious', 'critical']

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

/** The serious and critical faults that axe finds on the page as it is now: one text each. */
export async function axeFaults(page: Page): Promise<string[]> {
  // Not as a script element, which the page's policy refuses.
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(await readFile(AXE, 'utf8'))
  const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()')
  return violations
    .filter(({ impact }) => BAD.includes(impact))
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`))
}
