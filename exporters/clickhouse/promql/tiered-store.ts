import type { GridRequest, GridSeries, Remarks } from '../../../core/promql/sample-store.ts'
import { canGrid, storedGrid } from './grid.ts'
import { HeldRemarks } from './held-remarks.ts'
import { Remembered } from './remembered.ts'
import type { StoreConfig, TierConfig } from './request.ts'
import { rangeOf } from './sample-loader.ts'
import { type RowRange, rowsOf } from './sample-sources.ts'
import type { FoundSeries } from './series-index.ts'
import type { Source, SourceRequest, Sources } from './sources.ts'
import { quotedList, timeText } from './sql-text.ts'
import type { Statements } from './statements.ts'
import { hasExpired, type QueryShape, suffixOf, tiersAsExact, tiersInstead } from './tier-choice.ts'
import { matchingTierForms } from './tier-forms.ts'
import { joinedGrids, type TierPlan, tierGrid, tierPlan } from './tier-grid.ts'

/** The end of a tier is looked for in so many of its last intervals, and some more; then, if there are none, in more of them. */
const LAST_INTERVALS = [50, 1000]
/** So many intervals long the same statement is asked. */
const SAME_INTERVALS = 50
/** Ends of tiers that are remembered: one for each of some metrics. */
const MOST_ENDS = 1000
/** Times at which series were seen are whole seconds. */
const SECOND_MS = 1000

/** Answers from tables of tiers, where those of the points as they came have no data or take too long. */
export class TieredStore {
  readonly #config: StoreConfig
  readonly #statements: Statements
  readonly #sources: Sources
  /** Unix ms, by the statement that asks for it. */
  readonly #ends: Remembered<number>

  constructor(config: StoreConfig, statements: Statements, sources: Sources) {
    this.#config = config
    this.#statements = statements
    this.#sources = sources
    this.#ends = new Remembered(statements, { of: 'blocks', maxWeight: MOST_ENDS, weightOf: () => 1 })
  }

  /** Suffixes of the tables of tiers in place of points that are not there, the best first. */
  suffixes(shape: QueryShape): string[] {
    return tiersInstead(this.#config, shape, Date.now()).map(suffixOf)
  }

  /** True if the points as they came have been deleted. @param after Unix ms */
  hasExpired(after: number): boolean {
    return hasExpired(this.#config, after, Date.now())
  }

  /** The series of a tier in place of points that are not there. Undefined if no tier has any. */
  async instead(
    request: SourceRequest & { readonly until: number; readonly stepMs: number; readonly rangeMs: number },
    func: string | undefined,
    remarks: Remarks | undefined,
    signal: AbortSignal
  ): Promise<Source | undefined> {
    const { after, until, matchers } = request
    for (const tier of tiersInstead(this.#config, { ...request, start: after, end: until }, Date.now())) {
      const suffix = suffixOf(tier)
      const forms = matchingTierForms(await this.#sources.metrics(suffix, signal), matchers, func)
      const source = await this.#sources.findForms(request, suffix, forms, signal)
      if (source.found.series.length === 0) continue
      if (remarks !== undefined) say(remarks, tier, await this.#completeUntil(tier, source, until, signal))
      return source
    }
    return undefined
  }

  /** The result of a tier in place of points that are not there. Undefined if no tier has it. */
  gridInstead(request: GridRequest, remarks: Remarks, signal: AbortSignal): Promise<GridSeries[] | undefined> {
    const shape = { ...request, after: request.start - request.rangeMs }
    return this.#gridOfFirst(tiersInstead(this.#config, shape, Date.now()), request, remarks, signal)
  }

  async #gridOfFirst(
    tiers: readonly TierConfig[],
    request: GridRequest,
    remarks: Remarks,
    signal: AbortSignal
  ): Promise<GridSeries[] | undefined> {
    for (const tier of tiers) {
      const plan = await tierPlan(this.#sources, request, tier, false, signal)
      if (plan === undefined) continue
      const finer = tiers.filter(({ sizeMs }) => sizeMs < tier.sizeMs)
      return this.#gridOf(request, tier, plan, remarks, signal, finer)
    }
    return undefined
  }

  /** The result of a tier that is the same as that of the points as they came. Undefined if there is none. */
  async exactGrid(request: GridRequest, remarks: Remarks, signal: AbortSignal): Promise<GridSeries[] | undefined> {
    if (!canGrid(request)) return undefined
    const after = request.start - request.rangeMs
    for (const tier of tiersAsExact(this.#config, { ...request, after }, Date.now())) {
      const plan = await tierPlan(this.#sources, request, tier, true, signal)
      if (plan === undefined) continue
      const raw = await this.#sources.find({ ...request, after }, signal)
      if (!covers(plan.sources, raw, after, tier)) continue
      if (request.func !== 'last') return this.#gridOf(request, tier, plan, remarks, signal)
      // Tiers do not have the ends of series, of which only instant selectors take notice. They are few: nobody waits for them first.
      const said = new HeldRemarks()
      const [hasEnds, grid] = await Promise.all([
        this.#hasEnds(raw, { after, until: request.end }, signal),
        this.#gridOf(request, tier, plan, said, signal)
      ])
      if (hasEnds) return undefined
      said.tell(remarks)
      return grid
    }
    return undefined
  }

  /** The series of a tier whose rows, up to a time, say the same as those of the points as they came. */
  async exactSource(
    request: GridRequest,
    raw: Source,
    remarks: Remarks,
    signal: AbortSignal
  ): Promise<{ readonly source: Source; readonly complete: number } | undefined> {
    const after = request.start - request.rangeMs
    for (const tier of tiersAsExact(this.#config, { ...request, after }, Date.now())) {
      const suffix = suffixOf(tier)
      const forms = matchingTierForms(await this.#sources.metrics(suffix, signal), request.matchers, request.func)
      const source = await this.#sources.findForms({ ...request, after }, suffix, forms, signal)
      if (source.found.series.length === 0 || !covers([source], raw, after, tier)) continue
      const complete = await this.#completeUntil(tier, source, request.end, signal)
      say(remarks, tier, complete)
      return { source, complete }
    }
    return undefined
  }

  /** @param finer tiers for times at which this one is not complete yet, if the points as they came are not there */
  async #gridOf(
    request: GridRequest,
    tier: TierConfig,
    plan: TierPlan,
    remarks: Remarks,
    signal: AbortSignal,
    finer: readonly TierConfig[] = []
  ): Promise<GridSeries[] | undefined> {
    const { start, end, rangeMs } = request
    const stepMs = Math.max(1, request.stepMs)
    const complete = await this.#completeUntil(tier, plan.sources[0], end, signal)
    const all = Math.floor((end - start) / stepMs) + 1
    const times = Math.max(0, Math.min(all, Math.floor((complete - start) / stepMs) + 1))
    const rest = { ...request, start: start + times * stepMs }
    const raw =
      times === all ? undefined : await this.#sources.find({ ...request, after: rest.start - rangeMs }, signal)
    const hasRaw = raw !== undefined && raw.found.series.length > 0
    if (hasRaw && (times === 0 || !canGrid(request))) return undefined
    const finerTiers = times === all ? [] : finer
    const ofRest = hasRaw
      ? await storedGrid(this.#statements, rest, raw.tables, raw.found, signal)
      : await this.#gridOfFirst(finerTiers, rest, remarks, signal)
    if (ofRest === undefined && !hasRaw) {
      say(remarks, tier, complete)
      return tierGrid(this.#statements, request, plan, signal)
    }
    if (times === 0) return ofRest
    say(remarks, tier, complete)
    const ofTier = await tierGrid(this.#statements, { ...request, end: rest.start - stepMs }, plan, signal)
    return ofTier && ofRest && joinedGrids([ofTier, times], [ofRest, all - times])
  }

  async #hasEnds({ found, tables }: Source, times: Pick<RowRange, 'after' | 'until'>, signal: AbortSignal) {
    const range = { ...tables, ...times, ...rangeOf(found.series, found) }
    const ends = rowsOf('samples', 'series_id', range, 'bitAnd(flags, 1) = 1')
    const blocks = await this.#statements.ask(`SELECT series_id FROM (${ends}) LIMIT 1`, signal)
    return blocks.length > 0
  }

  /** Unix ms: the end of the last interval that the tier has of these metrics; 0 if it is long ago. */
  async #completeUntil(tier: TierConfig, source: Source, until: number, signal: AbortSignal): Promise<number> {
    let last = 0
    for (const intervals of LAST_INTERVALS) {
      if (last > 0) break
      const sql = lastSql(tier, source, until, intervals)
      last = await this.#ends.get(sql, until => this.#lastOf(sql, until), signal)
    }
    return last
  }

  async #lastOf(sql: string, signal: AbortSignal): Promise<number> {
    const [block] = await this.#statements.ask(sql, signal)
    return block.numbers('last')[0]
  }
}

/** A query of SQL for the column `last`, in Unix ms: 0 if there is nothing in so many intervals. */
function lastSql({ sizeMs }: TierConfig, { tables, found }: Source, until: number, intervals: number): string {
  const { names } = rangeOf(found.series, found)
  const sameMs = SAME_INTERVALS * sizeMs
  const from = Math.floor((until - intervals * sizeMs) / sameMs) * sameMs
  const rows = ['samples', 'distributions'].map(
    table => `SELECT max(time) AS last FROM ${tables.database}.${table}${tables.suffix}
        WHERE name IN ${quotedList(names)} AND time > ${timeText(from)}`
  )
  return `SELECT toFloat64(toUnixTimestamp64Milli(max(last))) AS last FROM (${rows.join(' UNION ALL ')})`
}

/** True if the tier has all series, as early, and what it has of them means the same. */
function covers(sources: readonly Source[], raw: Source, after: number, { sizeMs }: TierConfig): boolean {
  const hasIncrements = sources.some(({ found }) => found.series.some(({ metric }) => metric.reading === 'increments'))
  const meansSame = raw.found.series.every(({ metric }) => (metric.temporality === 'delta') === hasIncrements)
  return (
    meansSame &&
    sources.every(({ found }) => {
      const known = keysOf(found.series)
      const isEarly = found.firstMs <= Math.max(after, raw.found.firstMs) + sizeMs + SECOND_MS
      return isEarly && raw.found.series.every(({ labels }) => known.has(labels.key))
    })
  )
}

/** By the series, which are the same object for the same query. */
const keys = new WeakMap<readonly FoundSeries[], ReadonlySet<string>>()

function keysOf(series: readonly FoundSeries[]): ReadonlySet<string> {
  const known = keys.get(series) ?? new Set(series.map(({ labels }) => labels.key))
  keys.set(series, known)
  return known
}

function say(remarks: Remarks, { name }: TierConfig, complete: number): void {
  remarks.info(`intervals of ${name} were used, which are complete up to ${new Date(complete).toISOString()}`)
}
