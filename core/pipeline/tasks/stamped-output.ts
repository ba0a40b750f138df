import type { Batch } from '../../batch/batch.ts'
import { type Attribute, withAttributes } from '../../model/attributes.ts'
import type { Block } from '../../model/block.ts'
import { DerivedSeries } from '../../model/derived-series.ts'
import type { EventBlock } from '../../model/events.ts'
import type { PointBlock } from '../../model/points.ts'
import type { Series } from '../../model/series-table/series-table.ts'
import type { Sink } from '../graph/fan-out.ts'

/**
 * Gives all output of a task one more attribute. Otherwise tasks that count items of the same group would write the same
 * series, and a store would keep the count of one of them.
 */
export class StampedOutput {
  readonly #attribute: Attribute
  readonly #stamped = new DerivedSeries(series => this.#withAttribute(series))

  constructor(attribute: Attribute) {
    this.#attribute = attribute
  }

  before(sink: Sink): Sink {
    return {
      hasRoom: () => sink.hasRoom(),
      push: (batch: Batch) => sink.push(batch.replace(this.#stamp(batch.block)))
    }
  }

  #stamp(block: Block): Block {
    return block.type === 'points' ? this.#stampPoints(block) : this.#stampEvents(block)
  }

  #stampPoints(block: PointBlock): PointBlock {
    const ids = new Uint32Array(block.length)
    for (let i = 0; i < block.length; i++) ids[i] = this.#stamped.idOf(block.series, i)
    return { ...block, series: block.series.with(ids) }
  }

  #stampEvents(block: EventBlock): EventBlock {
    return { ...block, attributes: block.attributes.map(own => withAttributes(own, [this.#attribute])) }
  }

  #withAttribute({ table, metric, attributes, resource, scope }: Series): number {
    return table.idOf(metric, withAttributes(attributes, [this.#attribute]), resource, scope)
  }
}
