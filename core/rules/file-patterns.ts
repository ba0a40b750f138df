import { globSync } from 'node:fs'

/** The files that a pattern such as `rules/*.yml` finds, by their names. A name that is no pattern is that file. */
export function filesOfPattern(pattern: string): string[] {
  return /[*?[{]/.test(pattern) ? globSync(pattern).sort() : [pattern]
}
