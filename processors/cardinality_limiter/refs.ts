import { SeriesMemo } from '../../core/model/series-memo.ts'
import { Murmur3 } from '../../core/model/sketch/murmur3.ts'
import type { PointBlock, Series } from '../../sdk/plugin/index.ts'
import { isAdditive } from './additive-values.ts'
import type { Admission } from './admission.ts'
import type { Ref } from './state.ts'

/** Weir's own metrics: those that tell of the limits must not fall under them. */
const OWN_PREFIX = 'weir_'

/** Facts about each series, for the series seen last. */
export class Refs {
  /** Rises with each epoch of the demand. */
  epoch = 1
  #admission: Admission
  #cache: SeriesMemo<Ref>
  #hash = new Murmur3()
  #words = new Uint32Array(4)

  constructor(admission: Admission) {
    this.#admission = admission
    this.#cache = new SeriesMemo(series => this.#make(series))
  }

  /** With metric and tenant, and counted in the demand. */
  of(block: PointBlock, i: number, now: number): Ref {
    const ref = this.#cache.get(block.series, i)
    if (ref.isExempt) return ref
    if (ref.metric === undefined || ref.metric.isEvicted) {
      ref.metric = this.#admission.metricOf(block.series.metricOf(i))
      ref.entry = undefined
      ref.epoch = 0
    }
    if (ref.tenant === undefined || ref.tenant.isEvicted) ref.tenant = this.#admission.tenantOf(block.series.read(i))
    const { metric } = ref
    if (metric === undefined) return ref
    metric.lastSeen = now
    ref.tenant.lastSeen = now
    // A series is counted once more if labels are profiled only since then.
    const epoch = 2 * this.epoch + (metric.demand.hasProfile ? 1 : 0)
    if (ref.epoch !== epoch) {
      ref.epoch = epoch
      metric.demand.add(ref.high, ref.low, block.series.read(i).attributes)
    }
    return ref
  }

  /** Without counting it in the demand: a series that is made here. */
  made(series: Series, like: Ref): Ref {
    const ref = this.#cache.of(series)
    ref.metric = like.metric
    ref.tenant = like.tenant
    return ref
  }

  #make(series: Series): Ref {
    const words = this.#words
    this.#hash.reset().text(series.key).finish(words)
    return {
      key: textOf(words),
      high: words[0],
      low: words[1],
      isExempt: isOwn(series.metric.name),
      isAdditive: isAdditive(series),
      isCumulative: series.metric.temporality === 'cumulative' && series.metric.kind !== 'set',
      metric: undefined,
      tenant: undefined,
      entry: undefined,
      epoch: 0
    }
  }
}

/** The key of a {@link Ref}, from that of its series. */
export function shortKey(seriesKey: string): string {
  const words = new Uint32Array(4)
  new Murmur3().reset().text(seriesKey).finish(words)
  return textOf(words)
}

export const isOwn = (name: string) => name.startsWith(OWN_PREFIX)

/** 128 bits as eight characters: a key for a Map that takes no more than that. */
function textOf(words: Uint32Array): string {
  const [a, b, c, d] = words
  return String.fromCharCode(a & 0xffff, a >>> 16, b & 0xffff, b >>> 16, c & 0xffff, c >>> 16, d & 0xffff, d >>> 16)
}
