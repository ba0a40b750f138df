import type { MetricKind } from '../series.ts'
import type { AttributeSplice } from './attribute-splice.ts'
import { IdColumn } from './id-column.ts'
import { type KeyTable, UNKNOWN } from './key-table.ts'
import { type LinkRule, LinkRules } from './link-rules.ts'
import type { StoredKey } from './stored-key.ts'

/** Series that are linked to one. They are found one after the other. */
const MOST_LINKED = 64

/** Facts of the table of series about its contexts and ids. */
export interface LinkedKeysHost {
  readonly table: KeyTable
  contextOf(id: number): number
  kindOf(context: number): MetricKind
  /** The number of all series of a context, linked or not. */
  seriesOf(context: number): number
  /** The key of an id. Its bytes are valid until the next call. */
  keyOf(id: number): StoredKey
  /** The id of a key that is kept itself, or {@link UNKNOWN}. */
  findKept(context: number, view: DataView, start: number, end: number): number
  /** Called with each linked id that is found. */
  found(id: number): void
}

/**
 * The keys of series that are made of other series by adding the same attributes to each, such as the outputs of windows.
 * They are not kept: a key is that of the other series, which stays as long, and a rule. It is found by the way back.
 */
export class LinkedKeys {
  readonly #host: LinkedKeysHost
  readonly #rules = new LinkRules()
  /** By id of the other series: the one linked to it last. */
  readonly #first = new IdColumn(UNKNOWN)
  /** By id of a linked series: another one that is linked to the same. */
  readonly #next = new IdColumn(UNKNOWN)
  readonly #ruleOf = new IdColumn()
  #size = 0

  constructor(host: LinkedKeysHost) {
    this.#host = host
  }

  get isEmpty(): boolean {
    return this.#size === 0
  }

  /**
   * The id of a linked key, or {@link UNKNOWN}. Its bytes may be those of {@link of}.
   * @param except a rule by which it is not linked
   */
  find(context: number, view: DataView, start: number, end: number, except?: LinkRule): number {
    for (let rule = this.#rules.firstOf(context); rule !== undefined; rule = rule.next) {
      if (rule === except) continue
      const key = rule.splice.without({ view, start, end }, this.#host.kindOf(rule.from))
      if (key === undefined) continue
      const base = this.#host.findKept(rule.from, key.view, key.start, key.end)
      const id = base === UNKNOWN ? UNKNOWN : this.#linked(base, rule)
      if (id === UNKNOWN) continue
      this.#host.found(id)
      return id
    }
    return UNKNOWN
  }

  /** The id of the key that `splice` makes of that of `base`; {@link UNKNOWN} if it cannot be linked. */
  idOf(base: number, context: number, splice: AttributeSplice): number {
    const { table } = this.#host
    // The way back is one step.
    if (table.linkOf(base) !== UNKNOWN) return UNKNOWN
    const rule = this.#rules.find(this.#host.contextOf(base), context, splice)
    const known = rule === undefined ? UNKNOWN : this.#linked(base, rule)
    if (known === UNKNOWN) return this.#add(base, context, splice, rule)
    this.#host.found(known)
    return known
  }

  /** The key of a linked id. Its bytes are valid until the next call. @param base that it is linked to */
  of(id: number, base: number): StoredKey {
    const { splice, context } = this.#rules.at(this.#ruleOf.get(id))
    const { view, start, end } = splice.joinAgain(this.#host.keyOf(base), this.#host.kindOf(context))
    return { parent: context, view, start, end }
  }

  ruleOf(id: number): LinkRule {
    return this.#rules.at(this.#ruleOf.get(id))
  }

  /** The id is linked no more. @param base that it was linked to */
  remove(id: number, base: number): void {
    let before = UNKNOWN
    for (let at = this.#first.get(base); at !== id; at = this.#next.get(at)) before = at
    if (before === UNKNOWN) this.#first.set(base, this.#next.get(id))
    else this.#next.set(before, this.#next.get(id))
    const rule = this.#rules.at(this.#ruleOf.get(id))
    if (--rule.series === 0) this.#rules.remove(rule)
    this.#size--
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return this.#first.bytes + this.#next.bytes + this.#ruleOf.bytes + this.#rules.bytes
  }

  #add(base: number, context: number, splice: AttributeSplice, known: LinkRule | undefined): number {
    const joined = this.#hasManyLinked(base)
      ? undefined
      : splice.join(this.#host.keyOf(base), this.#host.kindOf(context))
    if (joined === undefined) return UNKNOWN
    const { view, start, end } = joined
    const kept = this.#keepsSome(context) ? this.#host.findKept(context, view, start, end) : UNKNOWN
    const other = kept === UNKNOWN ? this.find(context, view, start, end, known) : kept
    if (other !== UNKNOWN) return other
    const rule = known ?? this.#rules.add(this.#host.contextOf(base), context, splice)
    if (rule === undefined) return UNKNOWN
    const id = this.#host.table.addLink(base, this.#linkedNear(base, rule))
    this.#ruleOf.set(id, rule.index)
    this.#next.set(id, this.#first.get(base))
    this.#first.set(base, id)
    rule.series++
    this.#size++
    this.#host.found(id)
    return id
  }

  /** False if all series of a context are linked: then none of its keys is kept itself. */
  #keepsSome(context: number): boolean {
    let linked = 0
    for (let rule = this.#rules.firstOf(context); rule !== undefined; rule = rule.next) linked += rule.series
    return this.#host.seriesOf(context) > linked
  }

  /** The id that is linked to a neighbour of `base` by a rule; {@link UNKNOWN} if there is none. */
  #linkedNear(base: number, rule: LinkRule): number {
    const next = this.#linked(base + 1, rule)
    return next === UNKNOWN ? this.#linked(base - 1, rule) : next
  }

  #linked(base: number, rule: LinkRule): number {
    let id = this.#first.get(base)
    while (id !== UNKNOWN && this.#ruleOf.get(id) !== rule.index) id = this.#next.get(id)
    return id
  }

  #hasManyLinked(base: number): boolean {
    let linked = 0
    for (let id = this.#first.get(base); id !== UNKNOWN; id = this.#next.get(id)) linked++
    return linked >= MOST_LINKED
  }
}
