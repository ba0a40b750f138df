import type { ExposedFamily, ExposedType } from '../../core/wire/exposition/family.ts'
import { type LabelOptions, type Labels, seriesLabels, targetInfoLabels } from '../../core/wire/prometheus/labels.ts'
import { metricName } from '../../core/wire/prometheus/metric-names.ts'
import { unitWords } from '../../core/wire/prometheus/units.ts'
import type { Metric, Series } from '../../sdk/plugin/index.ts'
import { LatestPoint, type SavedPoint } from './latest.ts'

/** A series cannot be exposed, for this reason in the ledger. */
export type Refusal = 'too_many_series' | 'metric_type_conflict'

/** A family and its exposed series, by their labels. */
export interface Family extends ExposedFamily {
  readonly isIncremental: boolean
  readonly series: Map<string, LatestPoint>
}

/** The place of a series' points. */
export interface Place {
  family: Family
  point: LatestPoint
  /** `target_info` of its resource. */
  readonly target: Place | undefined
  /** Its points are increments. */
  readonly isDelta: boolean
}

export interface SavedFamily extends ExposedFamily {
  readonly series: readonly SavedPoint[]
}

const TARGET_INFO: ExposedFamily = { name: 'target_info', type: 'info', help: 'Target metadata', unit: '' }

/** All families that are exposed. Series of one name and the same labels are one. */
export class Families implements Iterable<Family> {
  /** Exposed series. */
  size = 0
  readonly #families = new Map<string, Family>()
  readonly #options: LabelOptions
  readonly #hasTargetInfo: boolean
  readonly #maxSeries: number

  constructor(options: LabelOptions, hasTargetInfo: boolean, maxSeries: number) {
    this.#options = options
    this.#hasTargetInfo = hasTargetInfo
    this.#maxSeries = maxSeries
  }

  /** The place of a series, which is exposed once {@link expose} was called. */
  placeOf(series: Series): Place {
    const { metric, resource } = series
    const isDelta = metric.temporality === 'delta' && metric.kind !== 'set'
    const family = this.#family(describe(metric, isDelta, this.#options), isDelta)
    const info = this.#hasTargetInfo ? targetInfoLabels(resource, this.#options) : undefined
    const target = info && this.#place(this.#family(TARGET_INFO, false), info)
    return { ...this.#place(family, seriesLabels(series, this.#options)), target, isDelta }
  }

  /** Exposes a series that is not; or says why it cannot be. Another with the same labels may have its place already. */
  expose(place: Place): Refusal | undefined {
    const { name, type, isIncremental } = place.family
    const family = this.#families.get(name) ?? place.family
    if (family.type !== type || family.isIncremental !== isIncremental) return 'metric_type_conflict'
    const other = family.series.get(place.point.key)
    if (other === undefined && this.size >= this.#maxSeries) return 'too_many_series'
    place.family = family
    if (other === undefined) this.#add(place)
    else place.point = other
    return undefined
  }

  /** Ends a series. */
  remove({ family, point }: Pick<Place, 'family' | 'point'>): void {
    if (!point.isExposed) return
    point.reset()
    this.size--
    const known = this.#families.get(family.name)
    known?.series.delete(point.key)
    if (known?.series.size === 0) this.#families.delete(family.name)
  }

  /** Ends series without a point since `oldest`, Unix ms. */
  expire(oldest: number): void {
    for (const family of this.#families.values())
      for (const point of family.series.values()) if (point.lastSeen < oldest) this.remove({ family, point })
  }

  *[Symbol.iterator](): Iterator<Family> {
    yield* this.#families.values()
  }

  /** Sums of increments. All else comes again. */
  save(): SavedFamily[] {
    return [...this.#families.values()]
      .filter(({ isIncremental }) => isIncremental)
      .map(({ name, type, help, unit, series }) => ({
        name,
        type,
        help,
        unit,
        series: Array.from(series.values(), point => point.save())
      }))
  }

  restore(saved: readonly SavedFamily[]): void {
    for (const { series, ...description } of saved)
      for (const own of series) {
        const place = { ...this.#place(this.#family(description, true), own.labels), target: undefined, isDelta: true }
        place.point.restore(own)
        this.expose(place)
      }
  }

  #add({ family, point }: Place): void {
    this.#families.set(family.name, family)
    family.series.set(point.key, point)
    point.isExposed = true
    this.size++
  }

  /** The family of that name, or a new one that nobody sees until it has a series. */
  #family(description: ExposedFamily, isIncremental: boolean): Family {
    const known = this.#families.get(description.name)
    if (known?.type === description.type && known.isIncremental === isIncremental) return known
    return { ...description, isIncremental, series: new Map() }
  }

  #place(family: Family, labels: Labels): Place {
    const key = labels.map(([name, value]) => `${name.length}:${name}${value.length}:${value}`).join('')
    return { family, point: family.series.get(key) ?? new LatestPoint(labels, key), target: undefined, isDelta: false }
  }
}

function describe(metric: Metric, isDelta: boolean, { strategy }: LabelOptions): ExposedFamily {
  const { main, per } = unitWords(metric.unit)
  return {
    // Increments are added up here.
    name: metricName(isDelta ? { ...metric, temporality: 'cumulative' } : metric, strategy),
    type: typeOf(metric),
    help: metric.description,
    unit: [main, per].filter(Boolean).join('_')
  }
}

function typeOf({ kind }: Metric): ExposedType {
  if (kind === 'exponential_histogram' || kind === 'histogram') return 'histogram'
  return kind === 'counter' || kind === 'summary' ? kind : 'gauge'
}
