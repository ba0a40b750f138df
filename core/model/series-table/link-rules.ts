import type { AttributeSplice } from './attribute-splice.ts'

/** Each costs a look-up for every new series of its context. */
const MOST_OF_CONTEXT = 8
/** Memory of an object, its place in a list, and an entry of a map. */
const BYTES_OF_RULE = 128

/** How series of one context are made of those of another. */
export interface LinkRule {
  readonly index: number
  readonly from: number
  readonly context: number
  readonly splice: AttributeSplice
  /** Another rule that makes series of the same context. */
  next: LinkRule | undefined
  /** Series that are made so. */
  series: number
}

/** The rules by which series are made now. Most contexts have one, or one for each size of windows. */
export class LinkRules {
  readonly #rules: (LinkRule | undefined)[] = []
  readonly #free: number[] = []
  /** By context of the series that they make: the rule that was added last. */
  readonly #first = new Map<number, LinkRule>()
  /** The rule found last. */
  #found: LinkRule | undefined

  at(index: number): LinkRule {
    return this.#rules[index]!
  }

  /** A rule that makes series of a context. Others are behind it. */
  firstOf(context: number): LinkRule | undefined {
    return this.#first.get(context)
  }

  find(from: number, context: number, splice: AttributeSplice): LinkRule | undefined {
    const makes = (rule: LinkRule) => rule.from === from && rule.splice.text === splice.text
    let rule = this.#found?.context === context && makes(this.#found) ? this.#found : this.#first.get(context)
    while (rule !== undefined && !makes(rule)) rule = rule.next
    this.#found = rule
    return rule
  }

  /** Adds a rule that is not there; undefined if its context has too many. */
  add(from: number, context: number, splice: AttributeSplice): LinkRule | undefined {
    const next = this.#first.get(context)
    let others = 0
    for (let rule = next; rule !== undefined; rule = rule.next) others++
    if (others >= MOST_OF_CONTEXT) return undefined
    const rule = { index: this.#free.pop() ?? this.#rules.length, from, context, splice, next, series: 0 }
    this.#rules[rule.index] = rule
    this.#first.set(context, rule)
    return rule
  }

  /** Called when the last series of a rule has gone, before its contexts may go. */
  remove(rule: LinkRule): void {
    const { index, context, next } = rule
    const first = this.#first.get(context)!
    if (first !== rule) before(first, rule).next = next
    else if (next === undefined) this.#first.delete(context)
    else this.#first.set(context, next)
    this.#rules[index] = undefined
    this.#free.push(index)
    this.#found = undefined
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return (this.#rules.length - this.#free.length) * BYTES_OF_RULE
  }
}

function before(first: LinkRule, rule: LinkRule): LinkRule {
  let at = first
  while (at.next !== rule) at = at.next!
  return at
}
