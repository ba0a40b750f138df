import type { Stepwise } from '../../model/stepwise.ts'
import type { Labels } from '../prometheus/labels.ts'
import type { Metadata } from '../prometheus/metadata.ts'
import type { Samples } from '../prometheus/samples.ts'
import { ProtobufWriter } from '../protobuf/writer.ts'
import { SampleWriter } from './sample-writer.ts'

/*
 * Prometheus remote write 1.0, https://prometheus.io/docs/specs/prw/remote_write_spec/ and prompb/remote.proto:
 *
 *   WriteRequest    1 timeseries*, 3 metadata*
 *   TimeSeries      1 labels*, 2 samples*
 *   Label           1 name, 2 value
 *   Sample          1 value (double), 2 timestamp (int64, ms)
 *   MetricMetadata  1 type, 2 metric_family_name, 4 help, 5 unit
 */
const TIMESERIES = 1
/** Those of the size of a TimeSeries, of which most have 128 bytes or more. */
const SIZE_BYTES = 2
const METADATA = 3
const METADATA_TYPE = { counter: 1, gauge: 2, histogram: 3, summary: 5 }

/** Rows that are written before the caller may do something else: some 0.4 us each. */
const ROWS_PER_STEP = 256

const labelsWriter = new ProtobufWriter()
const sampleWriter = new SampleWriter()

/** Labels as fields of a TimeSeries, to be encoded once per series. They are valid until the next call. */
export function encodeLabels(labels: Labels): Uint8Array {
  labelsWriter.reset()
  writeLabels(labelsWriter, labels)
  return labelsWriter.finish()
}

/** Writes labels as fields of a TimeSeries. */
export function writeLabels(writer: ProtobufWriter, labels: Labels): void {
  for (const [name, value] of labels)
    writer.nested(1, () => {
      writer.string(1, name)
      writer.string(2, value)
    })
}

/** Encoded labels by the ids of their sets. */
export interface EncodedLabelSets {
  /** Writes the labels as fields of a TimeSeries. */
  write(id: number, writer: ProtobufWriter): void
}

/** An encoded WriteRequest. */
export interface WriteRequest {
  readonly body: Uint8Array
  readonly samples: number
}

/**
 * Samples as WriteRequests of at most `maxSamples` each; `metadata` goes with the first. Each is encoded in steps, and
 * valid until a later one is begun in the same one of `writers`, which take turns.
 * @param rows the rows of `samples` to send, series by series and each by time, as `rowsBySeries` gives them
 */
export function* encodeWriteRequests(
  samples: Samples,
  labelSets: EncodedLabelSets,
  rows: Int32Array,
  metadata: readonly Metadata[],
  maxSamples: number,
  writers: readonly ProtobufWriter[] = [new ProtobufWriter()]
): Generator<Stepwise<WriteRequest>> {
  for (let i = 0; i * maxSamples < rows.length; i++) {
    const part = rows.subarray(i * maxSamples, (i + 1) * maxSamples)
    yield encodeWriteRequest(samples, labelSets, part, i === 0 ? metadata : [], writers[i % writers.length])
  }
}

function* encodeWriteRequest(
  samples: Samples,
  labelSets: EncodedLabelSets,
  rows: Int32Array,
  metadata: readonly Metadata[],
  writer: ProtobufWriter
): Stepwise<WriteRequest> {
  writer.reset()
  for (const family of metadata) writer.bytes(METADATA, encodeMetadata(family))
  for (let from = 0; from < rows.length; ) {
    from = writeSeries(writer, samples, labelSets, rows, from, Math.min(rows.length, from + ROWS_PER_STEP))
    yield
  }
  return { body: writer.finish(), samples: rows.length }
}

/** The series that begin in the rows `from`..`to`, with all their rows. Returns the row behind them. */
function writeSeries(
  writer: ProtobufWriter,
  samples: Samples,
  labelSets: EncodedLabelSets,
  rows: Int32Array,
  from: number,
  to: number
): number {
  const { labels } = samples
  let row = from
  while (row < to) {
    const own = labels[rows[row]]
    const start = writer.begin(TIMESERIES, SIZE_BYTES)
    labelSets.write(own, writer)
    for (; row < rows.length && labels[rows[row]] === own; row++) sampleWriter.write(writer, samples, rows[row])
    writer.end(start, SIZE_BYTES)
  }
  return row
}

function encodeMetadata({ family, type, help, unit }: Metadata): Uint8Array {
  const writer = new ProtobufWriter()
  writer.integer(1, METADATA_TYPE[type])
  writer.string(2, family)
  writer.string(4, help)
  writer.string(5, unit)
  return writer.finish()
}
