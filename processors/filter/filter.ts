import { compileMatch, type Match } from '../../core/model/matching/match.ts'
import { Selection } from '../../core/model/select.ts'
import { SeriesMemo } from '../../core/model/series-memo.ts'
import type { Block, Context, Explanation, MapProcessor, NamedSeries } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'

/** Leaves out items that are not included, or are excluded; they are booked as `filtered`. */
export class Filter implements MapProcessor {
  #context: Context
  #include: Match | undefined
  #exclude: Match | undefined
  #passing = new SeriesMemo(series => this.#include?.series(series) !== false && this.#exclude?.series(series) !== true)
  #selection = new Selection()

  constructor({ include, exclude }: Config, context: Context) {
    this.#context = context
    this.#include = include && compileMatch(include)
    this.#exclude = exclude && compileMatch(exclude)
  }

  explain(series: NamedSeries): Explanation {
    if (this.#include?.item(series) === false) return { fate: 'dropped', why: 'filtered: it does not match include' }
    if (this.#exclude?.item(series) === true) return { fate: 'dropped', why: 'filtered: it matches exclude' }
    return { fate: 'passes', why: 'it matches' }
  }

  process(block: Block): Block {
    const selection = this.#selection
    selection.begin(block.length)
    if (block.type === 'points') {
      const { series } = block
      for (let i = 0; i < series.length; i++) if (this.#passing.get(series, i)) selection.add(i)
    } else {
      for (let i = 0; i < block.length; i++)
        if (this.#include?.event(block, i) !== false && this.#exclude?.event(block, i) !== true) selection.add(i)
    }
    const left = block.length - selection.length
    if (left > 0) this.#context.account.drop('filtered', left)
    return selection.of(block)
  }
}
