import type { GridRequest, GridSeries, Remarks } from '../../../core/promql/sample-store.ts'
import { canGrid, storedGrid } from './grid.ts'
import type { StoreConfig, TierConfig } from './request.ts'
import { rangeOf } from './sample-loader.ts'
import type { Source, SourceRequest, Sources } from './sources.ts'
import { quotedList, timeText } from './sql-text.ts'
import type { Statements } from './statements.ts'
import { hasExpired, type QueryShape, tierInstead, tiersAsExact } from './tier-choice.ts'
import { matchingTierForms } from './tier-forms.ts'
import { joinedGrids, type TierPlan, tierGrid, tierPlan } from './tier-grid.ts'

/** The end of a tier is looked for in so many of its last intervals. */
const LAST_INTERVALS = 1000
/** Times at which series were seen are whole seconds. */
const SECOND_MS = 1000

/** Answers from tables of tiers, where those of the points as they came have no data any more or take too long. */
export class TieredStore {
  readonly #config: StoreConfig
  readonly #statements: Statements
  readonly #sources: Sources

  constructor(config: StoreConfig, statements: Statements, sources: Sources) {
    this.#config = config
    this.#statements = statements
    this.#sources = sources
  }

  /** Suffix of the tables of a tier in place of points that have expired. Undefined if none has, or there is no tier. */
  suffixFor(shape: QueryShape): string | undefined {
    const tier = this.#tierFor(shape)
    return tier && suffixOf(tier)
  }

  /** The series of a tier in place of those that have expired. Undefined if none has, or there is no tier with any. */
  async instead(
    request: SourceRequest & { readonly until: number; readonly stepMs: number; readonly rangeMs: number },
    func: string | undefined,
    remarks: Remarks | undefined,
    signal: AbortSignal
  ): Promise<Source | undefined> {
    const { after, until, matchers } = request
    const tier = this.#tierFor({ ...request, start: after, end: until })
    if (tier === undefined) return undefined
    const suffix = suffixOf(tier)
    const forms = matchingTierForms(await this.#sources.metrics(suffix), matchers, func)
    const source = await this.#sources.findForms(request, suffix, forms, signal)
    if (source.found.series.length === 0) return undefined
    if (remarks !== undefined) say(remarks, tier, await this.#completeUntil(tier, source, until, signal))
    return source
  }

  /** The result of a tier, and of the points as they came for the last times. Undefined if it is for others to answer. */
  async grid(request: GridRequest, remarks: Remarks, signal: AbortSignal): Promise<GridSeries[] | undefined> {
    const now = Date.now()
    const after = request.start - request.rangeMs
    const shape = { ...request, after }
    if (hasExpired(this.#config, after, now)) {
      const tier = this.#tierFor(shape)
      const plan = tier && (await tierPlan(this.#sources, request, suffixOf(tier), false, signal))
      return plan && this.#gridOf(request, tier!, plan, remarks, signal)
    }
    if (!canGrid(request)) return undefined
    for (const tier of tiersAsExact(this.#config, shape, now)) {
      const plan = await tierPlan(this.#sources, request, suffixOf(tier), true, signal)
      if (plan === undefined) continue
      const raw = await this.#sources.find({ ...request, after }, signal)
      if (!covers(plan, raw, after, tier)) continue
      return this.#gridOf(request, tier, plan, remarks, signal)
    }
    return undefined
  }

  #tierFor(shape: QueryShape): TierConfig | undefined {
    const now = Date.now()
    return hasExpired(this.#config, shape.after, now) ? tierInstead(this.#config, shape, now) : undefined
  }

  async #gridOf(
    request: GridRequest,
    tier: TierConfig,
    plan: TierPlan,
    remarks: Remarks,
    signal: AbortSignal
  ): Promise<GridSeries[] | undefined> {
    const { start, end, rangeMs } = request
    const stepMs = Math.max(1, request.stepMs)
    const complete = await this.#completeUntil(tier, plan.sources[0], end, signal)
    const all = Math.floor((end - start) / stepMs) + 1
    const times = Math.min(all, Math.floor((complete - start) / stepMs) + 1)
    if (times <= 0) return undefined
    say(remarks, tier, complete)
    const ofTier = await tierGrid(this.#statements, { ...request, end: start + (times - 1) * stepMs }, plan, signal)
    if (ofTier === undefined || times === all) return ofTier
    const rest = { ...request, start: start + times * stepMs }
    const { found, tables } = await this.#sources.find({ ...request, after: rest.start - rangeMs }, signal)
    if (found.series.length > 0 && !canGrid(request)) return undefined
    const ofRest = found.series.length === 0 ? [] : await storedGrid(this.#statements, rest, tables, found, signal)
    return ofRest && joinedGrids([ofTier, times], [ofRest, all - times])
  }

  /** Unix ms: the end of the last interval that the tier has of these metrics; 0 if it is long ago. */
  async #completeUntil({ sizeMs }: TierConfig, { tables, found }: Source, until: number, signal: AbortSignal) {
    const { names } = rangeOf(found.series, found)
    const rows = ['samples', 'distributions'].map(
      table => `SELECT max(time) AS last FROM ${tables.database}.${table}${tables.suffix}
        WHERE name IN ${quotedList(names)} AND time > ${timeText(until - LAST_INTERVALS * sizeMs)}`
    )
    const [block] = await this.#statements.ask(
      `SELECT toFloat64(toUnixTimestamp64Milli(max(last))) AS last FROM (${rows.join(' UNION ALL ')})`,
      signal
    )
    return block.numbers('last')[0]
  }
}

/** True if the tier has all series, as early, and what it has of them means the same. */
function covers({ sources }: TierPlan, raw: Source, after: number, { sizeMs }: TierConfig): boolean {
  const hasIncrements = sources.some(({ found }) => found.series.some(({ metric }) => metric.reading === 'increments'))
  const meansSame = raw.found.series.every(({ metric }) => (metric.temporality === 'delta') === hasIncrements)
  return (
    meansSame &&
    sources.every(({ found }) => {
      const known = new Set(found.series.map(({ labels }) => labels.key))
      const isEarly = found.firstMs <= Math.max(after, raw.found.firstMs) + sizeMs + SECOND_MS
      return isEarly && raw.found.series.every(({ labels }) => known.has(labels.key))
    })
  )
}

function say(remarks: Remarks, { name }: TierConfig, complete: number): void {
  remarks.info(`intervals of ${name} were used, which are complete up to ${new Date(complete).toISOString()}`)
}

const suffixOf = ({ name }: TierConfig) => `_${name}`
