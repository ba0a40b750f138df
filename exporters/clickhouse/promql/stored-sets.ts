import type { GridRequest, GridSeries, Remarks } from '../../../core/promql/sample-store.ts'
import { rangeOf } from './sample-loader.ts'
import type { Source, Sources } from './sources.ts'
import type { Statements } from './statements.ts'
import type { TieredStore } from './tiered-store.ts'
import { uniqueGrid } from './unique-grid.ts'
import { setRows } from './unique-sql.ts'

export const areSets = ({ func }: GridRequest): boolean => func === 'unique' || func === 'unique_over_time'

/** Counts the members of stored sets, which are kept as the registers of a HyperLogLog or as the members themselves. */
export class StoredSets {
  readonly #statements: Statements
  readonly #sources: Sources
  readonly #tiers: TieredStore

  constructor(statements: Statements, sources: Sources, tiers: TieredStore) {
    this.#statements = statements
    this.#sources = sources
    this.#tiers = tiers
  }

  /** Undefined if the series are no sets. */
  async grid(request: GridRequest, remarks: Remarks, signal: AbortSignal): Promise<GridSeries[] | undefined> {
    const { start, end, rangeMs, func } = request
    const range = { ...request, after: start - rangeMs, until: end }
    const own = await this.#sources.find(range, signal)
    if (own.found.series.length === 0 || this.#tiers.hasExpired(range.after)) {
      const source = (await this.#tiers.instead(range, func, remarks, signal)) ?? own
      return this.#count(request, [[source, range.after, end]], signal)
    }
    // The last set of a tier is that of a longer time.
    const tier = func === 'unique' ? undefined : await this.#tiers.exactSource(request, own, remarks, signal)
    if (tier === undefined) return this.#count(request, [[own, range.after, end]], signal)
    const { source, complete } = tier
    const parts = [
      [source, range.after, Math.min(complete, end)],
      [own, Math.max(complete, range.after), end]
    ] as const
    return this.#count(request, parts, signal)
  }

  async #count(request: GridRequest, parts: readonly Part[], signal: AbortSignal): Promise<GridSeries[] | undefined> {
    const series = parts.flatMap(([{ found }]) => found.series)
    if (series.length === 0) return []
    if (series.some(({ metric }) => metric.kind !== 'set')) return undefined
    const rows = parts.map(([{ tables, found }, after, until]) =>
      setRows({ ...tables, ...rangeOf(found.series, found), after, until })
    )
    return uniqueGrid(this.#statements, request, series, rows.join(' UNION ALL '), signal)
  }
}

/** Sets after one time, up to another. */
type Part = readonly [source: Source, after: number, until: number]
