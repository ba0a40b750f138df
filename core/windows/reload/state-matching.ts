import { windowText } from '../output/output-series.ts'
import type { RuleSettings } from '../settings.ts'
import { canTake, sizesIn } from './changed-sizes.ts'

/** The rule whose state was saved, by all that matching looks at. */
export interface RuleSignature {
  /** Its position among the rules. */
  readonly index: number
  /** Equal for rules with the same settings. */
  readonly text: string
  /** The items it counts, and their new name: users know a rule by these. */
  readonly match: string
  readonly name: string
  /** Settings that the state depends on, in words. */
  readonly shape: readonly string[]
}

/** No rule takes the state. */
export interface Unmatched {
  /** The reason, in words that follow `rule 2` and `rule 2, which`. */
  readonly why: string
}

export function signaturesOf(rules: readonly RuleSettings[]): RuleSignature[] {
  return rules.map((rule, index) => ({
    index,
    text: JSON.stringify(rule),
    match: JSON.stringify(rule.match ?? null),
    name: JSON.stringify(rule.name ?? null),
    shape: shapeOf(rule)
  }))
}

/**
 * Finds the rule, of those there are `now`, that takes each `saved` state. The same rule is the first choice, at any
 * position. The second is a rule that counts the same items under the same name, in the same windows if there is one. The
 * third is the rule at the same position, if its items or its name are as before. A state without a match changes nothing
 * for the others.
 */
export function matchStates(saved: readonly RuleSignature[], now: readonly RuleSignature[]): (number | Unmatched)[] {
  const matches = new Map<RuleSignature, RuleSignature>()
  const match = (isWanted: (before: RuleSignature, after: RuleSignature) => boolean) => {
    for (const before of saved) {
      if (matches.has(before)) continue
      const taken = new Set(matches.values())
      const after = now.find(one => !taken.has(one) && isWanted(before, one))
      if (after !== undefined) matches.set(before, after)
    }
  }
  const isKnownAs = (a: RuleSignature, b: RuleSignature) => a.match === b.match && a.name === b.name
  match((before, after) => before.text === after.text)
  match((before, after) => isKnownAs(before, after) && before.shape.every((had, i) => had === after.shape[i]))
  match((before, after) => isKnownAs(before, after) && misfit(before, after) === undefined)
  match(isKnownAs)
  // A state whose own rule does not fit must not take another rule's state once that rule is gone.
  const isUnknown = (before: RuleSignature) => now.every(after => !isKnownAs(before, after))
  const isLike = (a: RuleSignature, b: RuleSignature) =>
    a.index === b.index && (a.match === b.match || a.name === b.name)
  match((before, after) => isLike(before, after) && isUnknown(before))
  return saved.map(before => {
    const after = matches.get(before)
    if (after === undefined) return { why: 'is no longer configured' }
    return misfit(before, after) ?? now.indexOf(after)
  })
}

function misfit(before: RuleSignature, after: RuleSignature): Unmatched | undefined {
  const different = before.shape.findIndex((had, i) =>
    i === WINDOWS ? !canTake(sizesOf(after), sizesOf(before)) : had !== after.shape[i]
  )
  if (different < 0) return undefined
  const [had, has] = [before.shape[different], after.shape[different]]
  return { why: `had ${WORDS[different]}${had} and has ${WORDS[different]}${has} now` }
}

/** The part of a shape that may change, if the sizes that stay are made of each other as before. */
const WINDOWS = 0
/** In front of each part of a shape in messages. */
const WORDS = ['windows of ', '', '', ''] as const

/** Of the windows of a rule, in any order. */
export const sizesOf = ({ shape }: RuleSignature) => sizesIn(shape[WINDOWS])

function shapeOf({ windows, aggregations, attribute, limits, buckets }: RuleSettings): readonly string[] {
  return [
    windows.map(windowText).join(', '),
    aggregations === undefined ? 'the usual aggregations' : `aggregations ${aggregations.toSorted().join(', ')}`,
    attribute === undefined ? 'values' : `the attribute ${attribute}`,
    buckets ? `buckets of scale ${limits.scale}` : 'no buckets'
  ]
}
