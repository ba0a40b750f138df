import { type RowRange, rowsOf, type Tables } from './sample-sources.ts'

/** Bounds without a last one of infinity, which the bucket of all values stands for. */
const FINITE = 'arrayFilter(edge -> edge != inf, bounds)'
/** Pairs of a bound and the number of values up to it. */
const BUCKETS = `arrayZip(arrayPushBack(${FINITE}, inf),
  arrayPushBack(arraySlice(arrayCumSum(counts), 1, length(${FINITE})), count))`

/** A query of SQL for the columns of `numberRows`, and `bound`: a row for each bucket of histograms with explicit bounds. */
export function bucketRows(range: RowRange & Tables): string {
  const buckets = `series_id, time, arrayJoin(${BUCKETS}) AS bucket`
  return `SELECT series_id, time, tupleElement(bucket, 2) AS number, toUInt8(0) AS ends, tupleElement(bucket, 1) AS bound
    FROM (${rowsOf('distributions', buckets, range, 'bitAnd(flags, 1) = 0')})`
}
