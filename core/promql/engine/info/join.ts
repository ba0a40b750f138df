import { type Labels, METRIC_NAME } from '../../labels.ts'
import type { Matcher } from '../../matcher.ts'
import { QueryError } from '../../query-error.ts'
import { NONE, type Row } from '../rows.ts'

/** Labels of a series with those of its info metrics at a time. Undefined if conditions on these leave the series out. */
export type EnrichedAt = (step: number) => Labels | undefined

/** Finds the info metrics of series. Rows of info metrics have the times of their samples as values: the newest counts. */
export class InfoJoin {
  readonly #identifying: ReadonlySet<string>
  readonly #joined: ReadonlySet<string>
  readonly #needsPartner: boolean
  /** Of one job and instance: rows by the info metric's name. */
  readonly #infos = new Map<string, Map<string, Row[]>>()

  constructor(identifying: readonly string[], matchers: readonly Matcher[], infos: readonly Row[]) {
    this.#identifying = new Set(identifying)
    this.#joined = new Set(matchers.map(({ name }) => name))
    this.#needsPartner = matchers.some(matcher => !matcher.matches(''))
    for (const row of infos) {
      const { key } = row.labels.only(this.#identifying)
      const byName = this.#infos.get(key) ?? new Map<string, Row[]>()
      this.#infos.set(key, byName)
      const name = row.labels.get(METRIC_NAME)
      const known = byName.get(name)
      if (known === undefined) byName.set(name, [row])
      else known.push(row)
    }
  }

  enrich({ labels }: Row): EnrichedAt {
    const byName = Array.from(this.#infos.get(labels.only(this.#identifying).key)?.values() ?? [])
    const unpartnered = this.#needsPartner ? undefined : labels
    const known = new Map<string, Labels>()
    return step => {
      const partners = byName.flatMap(rows => newestAt(rows, step) ?? [])
      if (partners.length === 0) return unpartnered
      const key = partners.map(partner => partner.labels.key).join()
      const enriched = known.get(key) ?? this.#enriched(labels, partners)
      known.set(key, enriched)
      return enriched
    }
  }

  #enriched(labels: Labels, partners: readonly Row[]): Labels {
    const added = new Map<string, string>()
    for (const partner of partners) {
      for (const [name, value] of partner.labels.pairs) {
        if (name === METRIC_NAME || (this.#joined.size > 0 && !this.#joined.has(name))) continue
        if ((added.get(name) ?? value) !== value)
          throw new QueryError('execution', `conflicting label: ${name} differs among the info metrics of ${labels}`)
        if (labels.get(name) === '') added.set(name, value)
      }
    }
    return labels.with(added)
  }
}

/** The row with the newest sample. Throws a {@link QueryError} if there are two. */
function newestAt(rows: readonly Row[], step: number): Row | undefined {
  let newest: Row | undefined
  for (const row of rows) {
    if (row.kinds[step] === NONE) continue
    if (newest !== undefined && row.values[step] === newest.values[step])
      throw new QueryError(
        'execution',
        `found duplicate series for info metric: ${newest.labels} and ${row.labels} have samples of the same time`
      )
    if (newest === undefined || row.values[step]! > newest.values[step]!) newest = row
  }
  return newest
}
