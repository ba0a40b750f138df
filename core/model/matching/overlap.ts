import { isDeepStrictEqual } from 'node:util'
import { compileCondition } from './condition.ts'
import { type Condition, type Conditions, LIMITS, type MatchConfig, type Test, type Values } from './config.ts'

/**
 * True if there are items that both let through, as far as can be told. Two different regular expressions are taken
 * for having nothing in common, which may be wrong.
 */
export function overlap(a: MatchConfig, b: MatchConfig): boolean {
  for (const one of all(a)) for (const other of all(b)) if (conditionsOverlap(one, other)) return true
  return false
}

// Name, kind, temporality and each attribute are tests of their own: two conditions overlap if each pair of tests does.
function conditionsOverlap(a: Conditions, b: Conditions): boolean {
  if (!listsOverlap(a.kind, b.kind) || !listsOverlap(a.temporality, b.temporality)) return false
  if (!overlapOf(a.name, b.name)) return false
  for (const [key, condition] of Object.entries(a.attributes ?? {}))
    if (!overlapOf(condition, b.attributes?.[key])) return false
  return true
}

function listsOverlap(a: string | readonly string[] | undefined, b: string | readonly string[] | undefined): boolean {
  return a === undefined || b === undefined || [a].flat().some(one => [b].flat().includes(one))
}

/** Looks for a value that passes both among those they speak of. */
function overlapOf(a: Condition | undefined, b: Condition | undefined): boolean {
  if (a === undefined || b === undefined || isDeepStrictEqual(a, b)) return true
  const [holdsA, holdsB] = [compileCondition(a), compileCondition(b)]
  const texts = [...textsOf(a), ...textsOf(b), 'x', 'y']
  const filled = texts.flatMap(text => texts.map(other => text.replaceAll('*', other.replaceAll('*', ''))))
  const candidates = [...filled, ...numbersOf(a), ...numbersOf(b), undefined]
  return candidates.some(value => holdsA(value) && holdsB(value))
}

function textsOf(condition: Condition): string[] {
  if (typeof condition !== 'object' || Array.isArray(condition)) return [condition as Values].flat().map(String)
  const { not } = condition as Test
  return not === undefined || (typeof not === 'object' && 'regex' in not) ? [] : [not as Values].flat().map(String)
}

/** On each of its limits and beside it, as near as whole and half numbers are. */
function numbersOf(condition: Condition): number[] {
  if (typeof condition !== 'object' || Array.isArray(condition)) return []
  const limits = LIMITS.flatMap(limit => (condition as Test)[limit] ?? [])
  return limits.flatMap(limit => [limit - 1, limit - 0.5, limit, limit + 0.5, limit + 1])
}

const all = (match: MatchConfig): readonly Conditions[] => [match as Conditions].flat()
