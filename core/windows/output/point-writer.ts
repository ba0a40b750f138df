import type { Distribution } from '../../model/distribution.ts'
import { type PointBlock, PointBlockBuilder } from '../../model/points.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'

const MAX_POINTS_PER_BLOCK = 10_000

/** Puts points into blocks of a limited size. */
export class PointWriter {
  #table: SeriesTable
  #builder = new PointBlockBuilder()
  #blocks: PointBlock[] = []
  #withoutBuckets: { add(points: number): void } | undefined

  /** @param withoutBuckets counts histograms that should have buckets, and have none */
  constructor(table: SeriesTable, withoutBuckets: { add(points: number): void } | undefined) {
    this.#table = table
    this.#withoutBuckets = withoutBuckets
  }

  /** @param series its id */
  add(series: number, time: number, value: number, start: number): void {
    this.#makeRoom()
    this.#builder.addId(this.#table, series, time, value, start)
  }

  addDistribution(series: number, time: number, point: Distribution, start: number): void {
    this.#makeRoom()
    if (point.kind === 'histogram' && point.bounds.length === 0) this.#withoutBuckets?.add(1)
    this.#builder.addIdDistribution(this.#table, series, time, point, start)
  }

  /** Makes room for so many points at once, if none are there yet. */
  expect(points: number): void {
    if (this.#builder.length === 0) this.#builder = new PointBlockBuilder(Math.min(points, MAX_POINTS_PER_BLOCK))
  }

  /** The blocks that are full. */
  takeFull(): PointBlock[] {
    return this.#blocks.splice(0)
  }

  takeAll(): PointBlock[] {
    this.#cut()
    return this.#blocks.splice(0)
  }

  #makeRoom(): void {
    if (this.#builder.length < MAX_POINTS_PER_BLOCK) return
    this.#cut()
    this.expect(MAX_POINTS_PER_BLOCK)
  }

  #cut(): void {
    if (this.#builder.length === 0) return
    this.#blocks.push(this.#builder.build())
    this.#builder = new PointBlockBuilder()
  }
}
