import { windowText } from '../output/output-series.ts'
import type { RuleSettings } from '../settings.ts'

/** What rule a state is of. */
export interface RuleKind {
  /** Where it stands among the rules. */
  readonly index: number
  /** The same for rules that are the same in everything. */
  readonly text: string
  /** What it counts, and what it calls that: what users know it by. */
  readonly match: string
  readonly name: string
  /** What the state depends on, in words. */
  readonly shape: readonly string[]
}

/** Why a state has no place, in words that follow `rule 2`. */
export interface Nowhere {
  readonly why: string
}

export function kindsOf(rules: readonly RuleSettings[]): RuleKind[] {
  return rules.map((rule, index) => ({
    index,
    text: JSON.stringify(rule),
    match: JSON.stringify(rule.match ?? null),
    name: JSON.stringify(rule.name ?? null),
    shape: shapeOf(rule)
  }))
}

/**
 * Which of the rules there are `now` has the state of each that was `saved`: the same one wherever it stands; else the one
 * that counts the same under the same name; else the one in its place, where either is as it was. That a state has no place
 * changes nothing for the others.
 */
export function placesOf(saved: readonly RuleKind[], now: readonly RuleKind[]): (number | Nowhere)[] {
  const places = new Map<RuleKind, RuleKind>()
  const take = (isWanted: (before: RuleKind, after: RuleKind) => boolean) => {
    for (const before of saved) {
      if (places.has(before)) continue
      const taken = new Set(places.values())
      const after = now.find(one => !taken.has(one) && isWanted(before, one))
      if (after !== undefined) places.set(before, after)
    }
  }
  const isKnownAs = (a: RuleKind, b: RuleKind) => a.match === b.match && a.name === b.name
  take((before, after) => before.text === after.text)
  take((before, after) => isKnownAs(before, after) && misfit(before, after) === undefined)
  take(isKnownAs)
  // Not where another has the better claim: it would get that one's place once that one is gone.
  const isUnknown = (before: RuleKind) => now.every(after => !isKnownAs(before, after))
  const isLike = (a: RuleKind, b: RuleKind) => a.index === b.index && (a.match === b.match || a.name === b.name)
  take((before, after) => isLike(before, after) && isUnknown(before))
  return saved.map(before => {
    const after = places.get(before)
    if (after === undefined) return { why: 'is gone' }
    return misfit(before, after) ?? now.indexOf(after)
  })
}

function misfit(before: RuleKind, after: RuleKind): Nowhere | undefined {
  const different = before.shape.findIndex((had, i) => had !== after.shape[i])
  if (different < 0) return undefined
  const [had, has] = [before.shape[different], after.shape[different]]
  return { why: `had open windows of ${had}, where ${has} is configured now` }
}

function shapeOf({ windows, aggregations, attribute, limits, buckets }: RuleSettings): readonly string[] {
  return [
    windows.map(windowText).join(', '),
    aggregations === undefined ? 'the usual aggregations' : `aggregations ${aggregations.toSorted().join(', ')}`,
    attribute === undefined ? 'values' : `the attribute ${attribute}`,
    buckets ? `buckets of scale ${limits.scale}` : 'no buckets'
  ]
}
