import { COLLECTIONS } from './collections.ts'
import { COMPARISONS } from './comparison.ts'
import type { TemplateFunction } from './function.ts'
import { HUMANIZE } from './humanize.ts'
import { PRINTING } from './printing.ts'
import { QUERIES } from './queries.ts'
import { TEXT } from './text.ts'
import { TIME } from './time.ts'

/** The evaluator calls these: they end at the first argument that decides. */
export const SHORT_CIRCUITS: ReadonlySet<string> = new Set(['and', 'or'])

/** All functions but {@link SHORT_CIRCUITS}. */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map(
  [COMPARISONS, COLLECTIONS, PRINTING, HUMANIZE, TEXT, TIME, QUERIES].flatMap(family => Object.entries(family))
)
