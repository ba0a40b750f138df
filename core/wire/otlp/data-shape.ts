import { lengthTag, type ProtobufReader, varintTag } from '../protobuf/reader.ts'

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
// All kinds of data: data_points 1. Those that have them: aggregation_temporality 2, is_monotonic 3.
export const DATA_POINTS = lengthTag(1)
export const TEMPORALITY = varintTag(2)
export const MONOTONIC = varintTag(3)

/** What the data of a metric has beside its points, and how many these are. */
export interface DataShape {
  readonly points: number
  readonly temporality: number
  readonly monotonic: boolean
}

/** Looks through the rest of the current message, the data of a metric, without moving on. */
export function scanData(reader: ProtobufReader): DataShape {
  const start = reader.at
  let points = 0
  let temporality = 0
  let monotonic = false
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === DATA_POINTS) {
      reader.skip(tag)
      points += 1 + reader.skipRun(DATA_POINTS)
    } else if (tag === TEMPORALITY) temporality = reader.varint()
    else if (tag === MONOTONIC) monotonic = reader.varint() !== 0
    else reader.skip(tag)
  }
  reader.at = start
  return { points, temporality, monotonic }
}
