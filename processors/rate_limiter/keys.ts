import { compileMatch, type Match } from '../../core/model/matching/match.ts'
import { SeriesCache } from '../../core/model/series-cache.ts'
import { type Attributes, attributeText, type Block, findAttribute, NO_ATTRIBUTES } from '../../sdk/plugin/index.ts'
import { type Config, NAME } from './config.ts'

/** Whose limit an item counts against. */
export class Keys {
  #by: readonly string[]
  #match: Match | undefined
  #ofSeries = new SeriesCache(series =>
    this.#match?.series(series) === false
      ? undefined
      : this.#key(series.metric.name, series.attributes, series.resource.attributes)
  )

  constructor({ by, match }: Config) {
    this.#by = by
    this.#match = match && compileMatch(match)
  }

  /** Of row `i`; undefined where it is not limited. */
  of(block: Block, i: number): string | undefined {
    if (block.type === 'points') return this.#ofSeries.get(block.series[i])
    if (this.#match?.event(block, i) === false) return undefined
    return this.#key(block.name[i], block.attributes[i], NO_ATTRIBUTES)
  }

  // A value that is missing and an empty one are one key.
  #key(name: string, attributes: Attributes, resource: Attributes): string {
    let key = ''
    for (const attribute of this.#by) {
      const value = findAttribute(attributes, attribute) ?? findAttribute(resource, attribute) ?? ''
      const text = attribute === NAME ? name : attributeText(value)
      key += `${text.length}:${text}`
    }
    return key
  }
}
