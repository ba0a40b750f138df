import type { Distribution } from '../../model/distribution.ts'
import type { Sink } from '../aggregations/aggregation.ts'
import type { OutputStream } from './output-series.ts'
import type { PointWriter } from './point-writer.ts'

/** Writes the points of windows: of the group, the window and the aggregation that its fields name. */
export class WindowSink implements Sink {
  stream: OutputStream | undefined
  start = 0
  end = 0
  slot = 0
  firstOutput = 0
  #writer: PointWriter

  constructor(writer: PointWriter) {
    this.#writer = writer
  }

  value(output: number, value: number): void {
    if (!Number.isFinite(value)) return
    this.#writer.add(this.stream!.of(this.slot, this.firstOutput + output), this.end, value, this.start)
  }

  distribution(output: number, point: Distribution): void {
    this.#writer.addDistribution(this.stream!.of(this.slot, this.firstOutput + output), this.end, point, this.start)
  }
}
