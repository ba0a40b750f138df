import { keyBy } from '../../core/model/key-by.ts'
import { compileMatch, type Match } from '../../core/model/matching/match.ts'
import { SeriesMemo } from '../../core/model/series-memo.ts'
import { type Block, type NamedSeries, NO_ATTRIBUTES } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'

/** The key whose limit an item counts against. */
export class Keys {
  readonly by: readonly string[]
  #match: Match | undefined
  #ofSeries = new SeriesMemo(series =>
    this.#match?.series(series) === false
      ? undefined
      : keyBy(this.by, series.metric.name, series.attributes, series.resource.attributes)
  )

  constructor({ by, match }: Config) {
    this.by = by
    this.#match = match && compileMatch(match)
  }

  /** The key of a series that need not have come; undefined if it is not limited. */
  ofNamed(series: NamedSeries): string | undefined {
    if (this.#match?.item(series) === false) return undefined
    return keyBy(this.by, series.name, series.attributes, series.resource)
  }

  /** The key of row `i`; undefined if it is not limited. */
  of(block: Block, i: number): string | undefined {
    if (block.type === 'points') return this.#ofSeries.get(block.series, i)
    if (this.#match?.event(block, i) === false) return undefined
    return keyBy(this.by, block.name[i], block.attributes[i], NO_ATTRIBUTES)
  }
}
