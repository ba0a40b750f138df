import type { Condition, Conditions, MatchConfig, Test } from './config.ts'
import { MEMO_BYTES } from './linear-regex.ts'

/** Most bytes that a `match` remembers: texts its expressions were tried on. */
export function matchBound(match: MatchConfig | undefined): number {
  const all: readonly Conditions[] = match === undefined ? [] : Array.isArray(match) ? match : [match]
  let regexes = 0
  for (const { name, attributes = {} } of all) {
    regexes += regexesOf(name)
    for (const condition of Object.values(attributes)) regexes += regexesOf(condition)
  }
  return regexes * MEMO_BYTES
}

function regexesOf(condition: Condition | undefined): number {
  if (typeof condition !== 'object' || Array.isArray(condition)) return 0
  const { regex, not } = condition as Test
  return (regex === undefined ? 0 : 1) + (typeof not === 'object' && 'regex' in not ? 1 : 0)
}
