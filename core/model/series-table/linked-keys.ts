import type { MetricKind } from '../series.ts'
import type { AttributeSplice } from './attribute-splice.ts'
import { IdColumn } from './id-column.ts'
import { type KeyTable, type StoredKey, UNKNOWN } from './key-table.ts'

/** Each costs a look-up for every new series of its context. */
const MOST_RULES_OF_CONTEXT = 8
/** Series that are linked to one. They are found one after the other. */
const MOST_LINKED = 64

/** How series of one context are made of those of another. */
interface Rule {
  readonly index: number
  readonly from: number
  readonly context: number
  readonly splice: AttributeSplice
  /** Series that are made so. */
  size: number
}

/** Facts of the table of series about its contexts and ids. */
export interface LinkedKeysHost {
  readonly table: KeyTable
  contextOf(id: number): number
  kindOf(context: number): MetricKind
  /** The key of an id. Its bytes are valid until the next call. */
  keyOf(id: number): StoredKey
  /** The id of a key that is kept itself, or {@link UNKNOWN}. */
  findKept(context: number, view: DataView, start: number, end: number): number
  /** The id of a key, whichever way it is kept, or {@link UNKNOWN}. */
  find(context: number, view: DataView, start: number, end: number): number
  /** Called with each linked id that is found. */
  found(id: number): void
}

/**
 * The keys of series that are made of other series by adding the same attributes to each, such as the outputs of windows.
 * They are not kept: a key is that of the other series, which stays as long, and a rule. It is found by the way back.
 */
export class LinkedKeys {
  readonly #host: LinkedKeysHost
  readonly #rules: (Rule | undefined)[] = []
  /** By context of the series that they make. */
  readonly #rulesOf = new Map<number, Rule[]>()
  readonly #freeRules: number[] = []
  #lastRule: Rule | undefined
  #removedContexts = 0
  /** By id of the other series: the one linked to it last. */
  readonly #first = new IdColumn<Uint32Array>(Uint32Array, UNKNOWN)
  /** By id of a linked series: another one that is linked to the same. */
  readonly #next = new IdColumn<Uint32Array>(Uint32Array, UNKNOWN)
  readonly #ruleOf = new IdColumn<Uint32Array>(Uint32Array)
  #size = 0
  /** The key asked for last. */
  #key: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(0))
  #view: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(0))

  constructor(host: LinkedKeysHost) {
    this.#host = host
  }

  get isEmpty(): boolean {
    return this.#size === 0
  }

  /** The id of a linked key, or {@link UNKNOWN}. Its bytes may be those of {@link of}. */
  find(context: number, view: DataView, start: number, end: number): number {
    const rules = this.#rulesOf.get(context)
    if (rules === undefined) return UNKNOWN
    for (const rule of rules) {
      const key = rule.splice.without({ parent: context, view, start, end }, this.#host.kindOf(rule.from))
      if (key === undefined) continue
      const place = this.#placeOf(key)
      const base = this.#host.findKept(rule.from, place.view, place.start, place.end)
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
    const rule = this.#ruleFor(this.#host.contextOf(base), context, splice)
    if (rule === undefined) return UNKNOWN
    const known = this.#linked(base, rule)
    if (known !== UNKNOWN) this.#host.found(known)
    return known === UNKNOWN ? this.#add(base, rule) : known
  }

  /** The key of a linked id. Its bytes are valid until the next call. @param base that it is linked to */
  of(id: number, base: number): StoredKey {
    const { splice, context } = this.#rules[this.#ruleOf.get(id)]!
    const joined = splice.join(this.#host.keyOf(base), this.#host.kindOf(context))!
    // The same splice may be asked to join this key with more.
    if (joined.length > this.#key.byteLength) this.#key = new DataView(new ArrayBuffer(joined.length * 2))
    new Uint8Array(this.#key.buffer).set(joined)
    return { parent: context, view: this.#key, start: 0, end: joined.length }
  }

  /** The id is linked no more. @param base that it was linked to */
  remove(id: number, base: number): void {
    let before = UNKNOWN
    for (let at = this.#first.get(base); at !== id; at = this.#next.get(at)) before = at
    if (before === UNKNOWN) this.#first.set(base, this.#next.get(id))
    else this.#next.set(before, this.#next.get(id))
    this.#next.clear(id)
    this.#rules[this.#ruleOf.get(id)]!.size--
    this.#ruleOf.clear(id)
    this.#size--
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return this.#first.bytes + this.#next.bytes + this.#ruleOf.bytes
  }

  /** Ids of contexts may mean others from now on: rules without series go. @param removed contexts so far */
  contextsRemoved(removed: number): void {
    if (removed === this.#removedContexts) return
    this.#removedContexts = removed
    this.#lastRule = undefined
    for (const rule of this.#rules) {
      if (rule === undefined || rule.size > 0) continue
      this.#rules[rule.index] = undefined
      this.#freeRules.push(rule.index)
      const others = this.#rulesOf.get(rule.context)!.filter(one => one !== rule)
      if (others.length === 0) this.#rulesOf.delete(rule.context)
      else this.#rulesOf.set(rule.context, others)
    }
  }

  #add(base: number, rule: Rule): number {
    const { context, splice } = rule
    const joined = this.#hasManyLinked(base)
      ? undefined
      : splice.join(this.#host.keyOf(base), this.#host.kindOf(context))
    if (joined === undefined) return UNKNOWN
    const { view, start, end } = this.#placeOf(joined)
    const other = this.#host.find(context, view, start, end)
    if (other !== UNKNOWN) return other
    const id = this.#host.table.addLink(base)
    this.#ruleOf.set(id, rule.index)
    this.#next.set(id, this.#first.get(base))
    this.#first.set(base, id)
    rule.size++
    this.#size++
    this.#host.found(id)
    return id
  }

  #linked(base: number, rule: Rule): number {
    let id = this.#first.get(base)
    while (id !== UNKNOWN && this.#ruleOf.get(id) !== rule.index) id = this.#next.get(id)
    return id
  }

  #hasManyLinked(base: number): boolean {
    let linked = 0
    for (let id = this.#first.get(base); id !== UNKNOWN; id = this.#next.get(id)) linked++
    return linked >= MOST_LINKED
  }

  #placeOf({ buffer, byteOffset, length }: Uint8Array): { view: DataView; start: number; end: number } {
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer as ArrayBuffer)
    return { view: this.#view, start: byteOffset, end: byteOffset + length }
  }

  /** Undefined if the context has too many. */
  #ruleFor(from: number, context: number, splice: AttributeSplice): Rule | undefined {
    const last = this.#lastRule
    if (last?.from === from && last.context === context && last.splice === splice) return last
    const rules = this.#rulesOf.get(context) ?? []
    const known = rules.find(rule => rule.from === from && rule.splice.text === splice.text)
    if (known === undefined && rules.length >= MOST_RULES_OF_CONTEXT) return undefined
    this.#lastRule = known ?? this.#addRule(rules, from, context, splice)
    return this.#lastRule
  }

  #addRule(rules: readonly Rule[], from: number, context: number, splice: AttributeSplice): Rule {
    const index = this.#freeRules.pop() ?? this.#rules.length
    const rule = { index, from, context, splice, size: 0 }
    this.#rules[index] = rule
    this.#rulesOf.set(context, [...rules, rule])
    return rule
  }
}
