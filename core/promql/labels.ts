export type Label = readonly [name: string, value: string]

export const METRIC_NAME = '__name__'

/** An immutable label set: sorted by name, no empty values. An absent label and an empty one are the same. */
export class Labels {
  static readonly NONE = new Labels([])
  readonly pairs: readonly Label[]
  #key: string | undefined

  /** @param sorted by name, without empty values; {@link of} takes any pairs */
  constructor(sorted: readonly Label[]) {
    this.pairs = sorted
  }

  /** Of pairs in any order. Of a name that is there twice, the last one stands. */
  static of(pairs: Iterable<Label>): Labels {
    if (Array.isArray(pairs) && isSorted(pairs)) return ofSorted(pairs)
    const byName = new Map<string, string>()
    for (const [name, value] of pairs) byName.set(name, value)
    const kept = Array.from(byName).filter(([, value]) => value !== '')
    return ofSorted(kept.sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** The same for equal label sets only. */
  get key(): string {
    this.#key ??= keyOf(this.pairs)
    return this.#key
  }

  /** Empty if there is no such label. */
  get(name: string): string {
    for (const [own, value] of this.pairs) if (own === name) return value
    return ''
  }

  /** Those of `names` only. */
  only(names: ReadonlySet<string>): Labels {
    return filtered(this, ([name]) => names.has(name))
  }

  /** All but those of `names`. */
  without(names: ReadonlySet<string>): Labels {
    return filtered(this, ([name]) => !names.has(name))
  }

  /** With these labels set, or removed if their value is empty. */
  with(changes: Iterable<Label>): Labels {
    const pairs = [...this.pairs]
    for (const change of changes) set(pairs, change)
    return ofSorted(pairs)
  }

  /** Negative if these come before `other`: by name, then by value, label after label. */
  compare(other: Labels): number {
    const length = Math.min(this.pairs.length, other.pairs.length)
    for (let i = 0; i < length; i++) {
      const [name, value] = this.pairs[i]!
      const [otherName, otherValue] = other.pairs[i]!
      if (name !== otherName) return name < otherName ? -1 : 1
      if (value !== otherValue) return value < otherValue ? -1 : 1
    }
    return this.pairs.length - other.pairs.length
  }

  /** For messages: `{a="1", b="2"}`. */
  toString(): string {
    return `{${this.pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`
  }

  /** As the Prometheus API writes it. */
  toJSON(): Record<string, string> {
    return Object.fromEntries(this.pairs)
  }
}

function filtered(labels: Labels, keep: (label: Label) => boolean): Labels {
  const kept = labels.pairs.filter(keep)
  return kept.length === labels.pairs.length ? labels : ofSorted(kept)
}

function ofSorted(pairs: readonly Label[]): Labels {
  return pairs.length === 0 ? Labels.NONE : new Labels(pairs)
}

/** As most come from their series. */
function isSorted(pairs: readonly Label[]): boolean {
  for (let i = 0; i < pairs.length; i++)
    if (pairs[i]![1] === '' || (i > 0 && pairs[i - 1]![0] >= pairs[i]![0])) return false
  return true
}

/** Changes a label of sorted ones. */
function set(pairs: Label[], label: Label): void {
  const [name, value] = label
  let at = 0
  while (at < pairs.length && pairs[at]![0] < name) at++
  const isThere = pairs[at]?.[0] === name
  if (value === '') pairs.splice(at, Number(isThere))
  else pairs.splice(at, Number(isThere), label)
}

function keyOf(pairs: readonly Label[]): string {
  let key = ''
  for (const [name, value] of pairs) key += `${name.length}:${name}${value.length}:${value}`
  return key
}
