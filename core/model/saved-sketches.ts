// Histograms and sketches as columns of doubles: a million of them as objects take V8 many seconds to write.
//
//   merged histogram   slot, min, max, 1 if it is mergeable or else 0, explicit, 1 and exponential or else 0
//   histogram point    row, count, sum, min, max, then 1 and exponential, or 0 and explicit
//   explicit           index into the table of bounds, list of counts; without buckets -1 alone
//   exponential        scale, zero count, zero threshold, then positive and negative: offset, list of counts
//   distinct members   slot, list of hashes; HyperLogLogs are a packed list of slot and registers
//   list               length, numbers
//
// A column is in pieces, and a list is never cut. Entries follow each other without separator, in any order.
import type { ExponentialBuckets, Histogram } from './distribution.ts'
import { type HistogramPoint, MergedHistogram } from './merged-histogram.ts'
import { NumberReader, NumberWriter } from './number-column.ts'
import { packList, unpackList } from './packed-list.ts'
import { DistinctCounter } from './sketch/distinct-counter.ts'
import type { BucketLimits, ExponentialShape } from './sketch/exponential-counts.ts'
import type { SavedHyperLogLog } from './sketch/hyperloglog.ts'
import type { Stepwise } from './stepwise.ts'

/** Histograms one after the other, and the bounds that many of them share. */
export interface SavedHistograms {
  readonly numbers: readonly Float64Array[]
  readonly bounds: readonly (readonly number[])[]
}

export interface SavedDistincts {
  /** Slot, and the hashes themselves. */
  readonly exact: readonly Float64Array[]
  /** A packed list: slot, and {@link SavedHyperLogLog}. */
  readonly sketches: Uint8Array
}

const NO_BOUNDS = -1
/** Histograms or sets looked at in a step: they take some microseconds each. */
const PER_STEP = 256

/** Numbers the bounds of explicit histograms. */
class BoundsTable {
  readonly all: (readonly number[])[] = []
  #numbers = new Map<readonly number[], number>()
  #byText = new Map<string, number>()

  numberOf(bounds: readonly number[]): number {
    let number = this.#numbers.get(bounds)
    if (number !== undefined) return number
    const text = bounds.join()
    number = this.#byText.get(text)
    if (number === undefined) {
      number = this.all.push(bounds) - 1
      this.#byText.set(text, number)
    }
    this.#numbers.set(bounds, number)
    return number
  }
}

export function* saveHistograms(
  histograms: Iterable<readonly [slot: number, MergedHistogram]>
): Stepwise<SavedHistograms> {
  const writer = new NumberWriter()
  const table = new BoundsTable()
  let seen = 0
  for (const [slot, histogram] of histograms) {
    if (++seen % PER_STEP === 0) yield
    const { min, max, mergeable, bounds, counts, exponential } = histogram.save()
    for (const value of [slot, min, max, mergeable ? 1 : 0]) writer.add(value)
    writeExplicit(writer, table, bounds, counts)
    writer.add(exponential === undefined ? 0 : 1)
    if (exponential !== undefined) writeExponential(writer, exponential)
  }
  return { numbers: writer.written, bounds: table.all }
}

export function* restoreHistograms(
  { numbers, bounds: table }: SavedHistograms,
  limits: BucketLimits
): Generator<[slot: number, MergedHistogram]> {
  const reader = new NumberReader(numbers)
  while (!reader.atEnd) {
    const slot = reader.next()
    const [min, max, mergeable] = [reader.next(), reader.next(), reader.next() === 1]
    const { bounds, counts } = readExplicit(reader, table)
    const exponential = reader.next() === 1 ? readExponential(reader) : undefined
    yield [slot, MergedHistogram.from({ min, max, mergeable, bounds, counts, exponential }, limits)]
  }
}

export function* savePoints(points: Iterable<readonly [row: number, HistogramPoint]>): Stepwise<SavedHistograms> {
  const writer = new NumberWriter()
  const table = new BoundsTable()
  let seen = 0
  for (const [row, point] of points) {
    if (++seen % PER_STEP === 0) yield
    for (const value of [row, point.count, point.sum, point.min, point.max]) writer.add(value)
    writer.add(point.kind === 'exponential_histogram' ? 1 : 0)
    if (point.kind === 'exponential_histogram') writeExponential(writer, point)
    else writeExplicit(writer, table, point.bounds, point.counts)
  }
  return { numbers: writer.written, bounds: table.all }
}

export function* restorePoints({ numbers, bounds: table }: SavedHistograms): Generator<[row: number, HistogramPoint]> {
  const reader = new NumberReader(numbers)
  while (!reader.atEnd) {
    const row = reader.next()
    const parts = { count: reader.next(), sum: reader.next(), min: reader.next(), max: reader.next() }
    if (reader.next() === 1) yield [row, { kind: 'exponential_histogram', ...parts, ...readExponential(reader) }]
    else {
      const { bounds, counts } = readExplicit(reader, table)
      yield [row, { kind: 'histogram', ...parts, bounds: bounds!, counts } satisfies Histogram]
    }
  }
}

export function* saveDistincts(counters: Iterable<readonly [slot: number, DistinctCounter]>): Stepwise<SavedDistincts> {
  const writer = new NumberWriter()
  const sketches: [number, SavedHyperLogLog][] = []
  let seen = 0
  for (const [slot, counter] of counters) {
    if (++seen % PER_STEP === 0) yield
    const saved = counter.save()
    if (saved instanceof Float64Array) {
      writer.add(slot)
      writer.addAll(saved)
    } else sketches.push([slot, saved])
  }
  return { exact: writer.written, sketches: yield* packList(sketches) }
}

export function* restoreDistincts({ exact, sketches }: SavedDistincts): Generator<[slot: number, DistinctCounter]> {
  const reader = new NumberReader(exact)
  while (!reader.atEnd) yield [reader.next(), DistinctCounter.from(reader.nextAll())]
  for (const [slot, saved] of unpackList<[number, SavedHyperLogLog]>(sketches))
    yield [slot, DistinctCounter.from(saved)]
}

function writeExplicit(
  writer: NumberWriter,
  table: BoundsTable,
  bounds: readonly number[] | undefined,
  counts: readonly number[]
): void {
  writer.add(bounds === undefined ? NO_BOUNDS : table.numberOf(bounds))
  if (bounds !== undefined) writer.addAll(counts)
}

function readExplicit(reader: NumberReader, table: SavedHistograms['bounds']) {
  const number = reader.next()
  if (number === NO_BOUNDS) return { bounds: undefined, counts: [] }
  return { bounds: table[number], counts: [...reader.nextAll()] }
}

function writeExponential(
  writer: NumberWriter,
  { scale, zeroCount, zeroThreshold, positive, negative }: ExponentialShape
): void {
  for (const value of [scale, zeroCount, zeroThreshold]) writer.add(value)
  for (const { offset, counts } of [positive, negative]) {
    writer.add(offset)
    writer.addAll(counts)
  }
}

function readExponential(reader: NumberReader): ExponentialShape {
  const [scale, zeroCount, zeroThreshold] = [reader.next(), reader.next(), reader.next()]
  return { scale, zeroCount, zeroThreshold, positive: readBuckets(reader), negative: readBuckets(reader) }
}

function readBuckets(reader: NumberReader): ExponentialBuckets {
  return { offset: reader.next(), counts: [...reader.nextAll()] }
}
