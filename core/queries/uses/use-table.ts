import type { SeriesUse } from '../../plugin/stores.ts'

/** Uses that are older are of no interest. */
export const REMEMBERED_DAYS = 30
const DAY_MS = 86_400_000
const MOST_METRICS = 10_000
/** Of all metrics: labels, and lists of labels. */
const MOST_ENTRIES = 50_000
/** Letters of one. */
const LONGEST_ENTRY = 512
/** In place of the name of a metric: a use of any metric. */
const ANY = ''
const VERSION = 1

type By = 'query' | 'rule'

/** Days since 1970. */
interface MetricUses {
  /** By label: the last day. */
  readonly labels: Map<string, number>
  /** The last days on which the result depended on all labels, by the labels that it did not depend on. */
  readonly all: Record<By, Map<string, number>>
}

/** What is known of the labels of some metrics. */
export interface UsedLabels {
  /** Labels that a query, a rule or a question about series asked for by name. */
  readonly named: ReadonlySet<string>
  /** For each rule and each query that depended on all labels: the labels that it did not depend on. */
  readonly all: Readonly<Record<By, readonly (readonly string[])[]>>
}

/** Which labels of which metrics were asked for, by day, in a bounded table. */
export class UseTable {
  /** Since when uses are noted, Unix ms. */
  readonly since: number
  #metrics = new Map<string, MetricUses>()
  #entries = 0
  #expiredOn = 0
  /** The last day on which there was no room; 0: never. */
  #fullOn = 0
  /** Rises with each change. */
  changes = 0

  constructor(since: number) {
    this.since = since
  }

  note(uses: readonly SeriesUse[], by: By, now: number): void {
    const day = dayOf(now)
    this.#expire(day)
    for (const { metric, labels, allExcept } of uses) {
      const known = this.#of(metric ?? ANY, day)
      if (known === undefined) continue
      for (const label of labels) this.#set(known.labels, label, day)
      if (allExcept !== undefined) this.#set(known.all[by], JSON.stringify([...allExcept].sort()), day)
    }
  }

  /** The labels of all metrics that `isIt` takes, by the names that were asked for. */
  labelsOf(isIt: (name: string) => boolean, now: number): UsedLabels {
    const oldest = dayOf(now) - REMEMBERED_DAYS
    const named = new Set<string>()
    const all: Record<By, string[][]> = { query: [], rule: [] }
    for (const [name, uses] of this.#metrics) {
      if (name !== ANY && !isIt(name)) continue
      for (const [label, day] of uses.labels) if (day >= oldest) named.add(label)
      for (const by of ['query', 'rule'] as const)
        for (const [except, day] of uses.all[by]) if (day >= oldest) all[by].push(JSON.parse(except))
    }
    return { named, all }
  }

  /** False if there were too many metrics or labels to note all: then nobody knows what is unused. */
  isComplete(now: number): boolean {
    return this.#fullOn < dayOf(now) - REMEMBERED_DAYS
  }

  save(): string {
    const metrics = Array.from(this.#metrics, ([name, { labels, all }]) => [
      name,
      [...labels],
      [...all.query],
      [...all.rule]
    ])
    return JSON.stringify({ version: VERSION, since: this.since, fullOn: this.#fullOn, metrics })
  }

  /** Throws if the text is not of {@link save}. */
  static restore(text: string): UseTable {
    const { version, since, fullOn, metrics } = JSON.parse(text)
    if (version !== VERSION) throw new Error(`it has version ${version}, which this Weir does not know`)
    const table = new UseTable(since)
    table.#fullOn = fullOn
    for (const [name, labels, query, rule] of metrics)
      table.#metrics.set(name, { labels: new Map(labels), all: { query: new Map(query), rule: new Map(rule) } })
    for (const { labels, all } of table.#metrics.values())
      table.#entries += labels.size + all.query.size + all.rule.size
    return table
  }

  #of(name: string, day: number): MetricUses | undefined {
    const known = this.#metrics.get(name)
    if (known !== undefined) return known
    if (this.#metrics.size >= MOST_METRICS || name.length > LONGEST_ENTRY) return this.#refuse(day)
    const made = { labels: new Map(), all: { query: new Map(), rule: new Map() } }
    this.#metrics.set(name, made)
    return made
  }

  #set(days: Map<string, number>, key: string, day: number): void {
    if (days.get(key) === day) return
    if (!days.has(key)) {
      if (this.#entries >= MOST_ENTRIES || key.length > LONGEST_ENTRY) return this.#refuse(day)
      this.#entries++
    }
    this.changes++
    days.set(key, day)
  }

  /** There is no room for a use, so nobody knows what is unused. */
  #refuse(day: number): undefined {
    if (this.#fullOn !== day) this.changes++
    this.#fullOn = day
  }

  /** Once a day. */
  #expire(day: number): void {
    if (day === this.#expiredOn) return
    this.#expiredOn = day
    const oldest = day - REMEMBERED_DAYS
    for (const [name, { labels, all }] of this.#metrics) {
      for (const days of [labels, all.query, all.rule])
        for (const [key, last] of days) if (last < oldest && days.delete(key)) this.#entries--
      if (labels.size + all.query.size + all.rule.size === 0) this.#metrics.delete(name)
    }
  }
}

const dayOf = (ms: number) => Math.floor(ms / DAY_MS)
