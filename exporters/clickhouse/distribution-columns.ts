import type { Distribution, ExponentialBuckets } from '../../core/model/distribution.ts'
import type { PointBlock } from '../../core/model/points.ts'
import { registersOf } from '../../core/model/sketch/distinct-counter.ts'
import { ExponentialCounts } from '../../core/model/sketch/exponential-counts.ts'
import { REGISTER_VALUE_BITS, REGISTER_VALUE_MASK } from '../../core/model/sketch/hyperloglog.ts'
import { type NativeBlock, NestedColumn } from './native-format.ts'

const LEAST_SCALE = -128
const GREATEST_SCALE = 127

/** Adds to `table` the parts of distributions beyond their number, at `indices` of the block. */
export function distributionColumns(block: PointBlock, indices: Uint32Array, table: NativeBlock): void {
  const rows = indices.length
  const numbers = { count: new Float64Array(rows), min: nan(rows), max: nan(rows) }
  const zero = { zero_count: new Float64Array(rows), zero_threshold: new Float64Array(rows) }
  const scale = new Int8Array(rows)
  const [bounds, counts, members] = [new NestedColumn(rows), new NestedColumn(rows), new NestedColumn(rows)]
  const [positive, negative, quantiles] = [new NestedColumn(rows), new NestedColumn(rows), new NestedColumn(rows)]
  const registers = new NestedColumn(rows)
  for (let i = 0; i < rows; i++) {
    const d = storable(block.distributions.get(indices[i]))
    if (d !== undefined) numbers.count[i] = d.kind === 'set' ? d.members.length : d.count
    if (d?.kind === 'histogram' || d?.kind === 'exponential_histogram') {
      numbers.min[i] = d.min
      numbers.max[i] = d.max
    }
    if (d?.kind === 'exponential_histogram') {
      scale[i] = d.scale
      zero.zero_count[i] = d.zeroCount
      zero.zero_threshold[i] = d.zeroThreshold
    }
    addNumbers(bounds, d?.kind === 'histogram' ? d.bounds : [])
    addNumbers(counts, d?.kind === 'histogram' ? d.counts : [])
    addBuckets(positive, d?.kind === 'exponential_histogram' ? d.positive : undefined)
    addBuckets(negative, d?.kind === 'exponential_histogram' ? d.negative : undefined)
    addQuantiles(quantiles, d)
    addMembers(members, d)
    addRegisters(registers, d)
  }
  for (const [name, column] of Object.entries({ ...numbers, ...zero })) table.numbers(name, 'Float64', column)
  table.numbers('scale', 'Int8', scale)
  table.array('bounds', 'Float64', bounds)
  table.array('counts', 'Float64', counts)
  table.map('positive', 'Int32', 'Float64', positive)
  table.map('negative', 'Int32', 'Float64', negative)
  table.map('quantiles', 'Float64', 'Float64', quantiles)
  table.array('members', 'String', members)
  table.map('registers', 'UInt16', 'UInt8', registers)
}

/** The scale is an Int8. Finer buckets are merged, which is exact in counts; coarser ones are wider than all numbers anyway. */
function storable(distribution: Distribution | undefined): Distribution | undefined {
  if (distribution?.kind !== 'exponential_histogram') return distribution
  if (distribution.scale < LEAST_SCALE) return { ...distribution, scale: LEAST_SCALE }
  if (distribution.scale <= GREATEST_SCALE) return distribution
  const counts = new ExponentialCounts()
  counts.add(distribution)
  return { ...distribution, ...counts.shape() }
}

function addNumbers(column: NestedColumn, values: readonly number[]): void {
  for (const value of values) column.values.float64(value)
  column.endRow(values.length)
}

function addBuckets(column: NestedColumn, buckets: ExponentialBuckets | undefined): void {
  const counts = buckets?.counts ?? []
  for (let i = 0; i < counts.length; i++) {
    column.keys.int32(buckets!.offset + i)
    column.values.float64(counts[i])
  }
  column.endRow(counts.length)
}

function addQuantiles(column: NestedColumn, distribution: Distribution | undefined): void {
  const quantiles = distribution?.kind === 'summary' ? distribution.quantiles : []
  for (const { quantile, value } of quantiles) {
    column.keys.float64(quantile)
    column.values.float64(value)
  }
  column.endRow(quantiles.length)
}

function addMembers(column: NestedColumn, distribution: Distribution | undefined): void {
  const members = distribution?.kind === 'set' ? distribution.members : []
  for (const member of members) column.values.text(member)
  column.endRow(members.length)
}

/** Those that are set, of 2^14: `maxMap` of several sketches is the sketch of all. */
function addRegisters(column: NestedColumn, distribution: Distribution | undefined): void {
  if (distribution?.kind !== 'distinct') return column.endRow(0)
  const { sparse, registers } = registersOf(distribution.state)
  if (sparse !== undefined) {
    for (const word of sparse) addRegister(column, word >>> REGISTER_VALUE_BITS, word & REGISTER_VALUE_MASK)
    return column.endRow(sparse.length)
  }
  let set = 0
  for (let index = 0; index < registers!.length; index++) {
    if (registers![index] === 0) continue
    addRegister(column, index, registers![index])
    set++
  }
  column.endRow(set)
}

function addRegister({ keys, values }: NestedColumn, index: number, value: number): void {
  keys.uint16(index)
  values.byte(value)
}

const nan = (rows: number) => new Float64Array(rows).fill(Number.NaN)
