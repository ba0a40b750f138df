import { DEFAULT_LIMITS } from '../../core/model/item-limits.ts'
import { NewSeries } from '../../core/model/new-series.ts'
import type { RuleSample } from '../../core/rules/samples.ts'
import { LabelSetSeries } from '../../core/wire/prometheus/label-set-series.ts'
import {
  type Context,
  FLAG_NO_RECORDED_VALUE,
  type ItemLimits,
  type PointBlock,
  PointBlockBuilder
} from '../../sdk/plugin/index.ts'

/** Turns samples of rules into points: gauges with the name and the labels that the rule gives them. */
export class RulePoints {
  readonly #context: Context
  readonly #newSeries: NewSeries
  readonly #series: LabelSetSeries

  constructor(context: Context, limits: ItemLimits = DEFAULT_LIMITS) {
    this.#context = context
    this.#newSeries = new NewSeries(context.series, context.credits.capacity)
    this.#series = new LabelSetSeries(this.#newSeries, limits)
  }

  /** A sample whose labels are over a limit is booked as dropped. */
  block(samples: readonly RuleSample[]): PointBlock {
    const { series, account } = this.#context
    const builder = new PointBlockBuilder(samples.length)
    this.#newSeries.bytes = 0
    for (const { labels, time, value, isStale } of samples) {
      const id = this.#series.idOf(labels.pairs, 'gauge', 'number')
      if (typeof id === 'string') {
        account.received++
        account.drop(id, 1)
      } else builder.addId(series, id, time, isStale ? Number.NaN : value, 0, isStale ? FLAG_NO_RECORDED_VALUE : 0)
    }
    return builder.build()
  }
}
