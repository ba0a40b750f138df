import type { Distribution } from '../../model/distribution.ts'
import type { Account } from '../../telemetry/account.ts'
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
  #account: Account

  constructor(writer: PointWriter, account: Account) {
    this.#writer = writer
    this.#account = account
  }

  value(output: number, value: number): void {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? undefined : this.#overflow()
    this.#writer.add(this.stream!.of(this.slot, this.firstOutput + output), this.end, value, this.start)
  }

  /** The values are finite, and their sum is not. */
  #overflow(): void {
    this.#account.produced++
    this.#account.drop('overflow')
  }

  distribution(output: number, point: Distribution): void {
    this.#writer.addDistribution(this.stream!.of(this.slot, this.firstOutput + output), this.end, point, this.start)
  }
}
