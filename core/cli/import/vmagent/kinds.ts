import { isMapping } from '../options.ts'
import type { Yaml } from '../yaml.ts'
import type { Output } from './outputs.ts'

/** What the receiver takes for a counter. */
const COUNTER = /_(total|count|sum|bucket)$/

/**
 * How outputs differ on series that are, by their names, not of the kind that they are for. Undefined: there are none.
 * @param names of the outputs
 */
export function otherKindNote(
  kind: Output['of'],
  names: readonly string[],
  match: Yaml | undefined
): string | undefined {
  const found = namesOf(match)
  if (names.length === 0) return undefined
  if (kind === 'gauges')
    return found?.some(name => COUNTER.test(name)) === false
      ? undefined
      : `${names.join(', ')}: of counters they are of their increments; vmagent has them of their totals.`
  return found?.every(name => COUNTER.test(name)) === false
    ? `${names.join(', ')}: gauges pass as they are, for only counters have increments.`
    : undefined
}

/** Undefined: any name, or one by an expression. */
function namesOf(match: Yaml | undefined): string[] | undefined {
  const found = [match ?? {}].flat().flatMap(one => (isMapping(one) ? [one.name].flat() : []))
  return found.every(name => typeof name === 'string' && !/\*(?!_(total|count|sum|bucket)$)/.test(name))
    ? (found as string[])
    : undefined
}
