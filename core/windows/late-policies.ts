import { formatDuration } from '../schema/units.ts'
import type { LatePolicy } from './settings.ts'

/**
 * The treatment of late points, for people: words that follow the processor's name.
 * @param rules all of them @param allowedLatenessMs as in `WindowSettings`
 */
export function describeLate(
  rules: readonly { readonly late: LatePolicy; readonly amend_for: number }[],
  allowedLatenessMs: number
): string {
  const fates = rules.map(({ late, amend_for }) => FATES[late](formatDuration(amend_for)))
  const isOne = new Set(fates).size === 1
  const told = isOne ? fates[0] : fates.map((fate, i) => `${fate} (rule ${i + 1})`).join(', ')
  return `waits ${formatDuration(allowedLatenessMs)}; a later point ${told}`
}

const FATES: Readonly<Record<LatePolicy, (amendFor: string) => string>> = {
  add: () => 'is counted in a series with late="true"',
  drop: () => 'is dropped',
  amend: amendFor => `has its window sent again until ${amendFor} after its end, and is dropped after that`,
  side_output: () => 'is forwarded with late="true", uncounted'
}
