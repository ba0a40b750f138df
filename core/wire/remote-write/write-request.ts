import type { StoredKey } from '../../model/series-table/key-table.ts'
import type { Labels } from '../prometheus/labels.ts'
import type { Samples } from '../prometheus/samples.ts'
import type { Metadata } from '../prometheus/translator.ts'
import { integerSize, ProtobufWriter } from '../protobuf/writer.ts'

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
const METADATA = 3
const METADATA_TYPE = { counter: 1, gauge: 2, histogram: 3, summary: 5 }

/** The NaN that ends a series. JavaScript may change the bits of a NaN it carries, so they are written as such. */
const STALE_MARKER_HIGH = 0x7ff00000
const STALE_MARKER_LOW = 2
/** The NaN that is a value, in Prometheus' spelling. */
const NAN_HIGH = 0x7ff80000
const NAN_LOW = 1

// Tags of the two fields and the double.
const SAMPLE_BASE_BYTES = 10

const labelsWriter = new ProtobufWriter()

/** Labels as fields of a TimeSeries, to be encoded once per series. They are valid until the next call. */
export function encodeLabels(labels: Labels): Uint8Array {
  labelsWriter.reset()
  for (const [name, value] of labels)
    labelsWriter.nested(1, () => {
      labelsWriter.string(1, name)
      labelsWriter.string(2, value)
    })
  return labelsWriter.finish()
}

/**
 * Samples as WriteRequests of at most `maxSamples` each; `metadata` goes with the first. A request is valid until the
 * next is asked for: they share a buffer.
 * @param labelsOf the encoded labels of a label set
 * @param rows the rows of `samples` to send, series by series and each by time, as `rowsBySeries` gives them
 */
export function* encodeWriteRequests(
  samples: Samples,
  labelsOf: (id: number) => StoredKey,
  rows: Int32Array,
  metadata: readonly Metadata[],
  maxSamples: number,
  writer = new ProtobufWriter()
): Generator<{ readonly body: Uint8Array; readonly samples: number }> {
  writer.reset()
  for (const family of metadata) writer.bytes(METADATA, encodeMetadata(family))
  for (let from = 0; from < rows.length; from += maxSamples) {
    const to = Math.min(from + maxSamples, rows.length)
    writeSeries(writer, samples, labelsOf, rows, from, to)
    yield { body: writer.finish(), samples: to - from }
    writer.reset()
  }
}

/** Rows `from`..`to`, those of one series as one TimeSeries. */
function writeSeries(
  writer: ProtobufWriter,
  samples: Samples,
  labelsOf: (id: number) => StoredKey,
  rows: Int32Array,
  from: number,
  to: number
): void {
  const { labels, time } = samples
  for (let first = from; first < to; ) {
    const own = labels[rows[first]]
    const { view, start, end: labelsEnd } = labelsOf(own)
    let size = labelsEnd - start
    let end = first
    for (; end < to && labels[rows[end]] === own; end++) size += 2 + SAMPLE_BASE_BYTES + integerSize(time[rows[end]])
    writer.open(TIMESERIES, size)
    writer.copy(view, start, labelsEnd)
    for (; first < end; first++) writeSample(writer, samples, rows[first])
  }
}

function writeSample(writer: ProtobufWriter, { time, value, stale }: Samples, row: number): void {
  writer.open(2, SAMPLE_BASE_BYTES + integerSize(time[row]))
  if (stale[row] === 1) writer.fixed64(1, STALE_MARKER_HIGH, STALE_MARKER_LOW)
  else if (Number.isNaN(value[row])) writer.fixed64(1, NAN_HIGH, NAN_LOW)
  else writer.double(1, value[row])
  writer.integer(2, time[row])
}

function encodeMetadata({ family, type, help, unit }: Metadata): Uint8Array {
  const writer = new ProtobufWriter()
  writer.integer(1, METADATA_TYPE[type])
  writer.string(2, family)
  writer.string(4, help)
  writer.string(5, unit)
  return writer.finish()
}
