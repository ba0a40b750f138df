import { type NotedSample, parseLabels, parseSamples } from '../../core/promql/notation/series-notation.ts'
import { STALE_MARKER } from '../../core/wire/prometheus/stale-marker.ts'
import { ProtobufWriter } from '../../core/wire/protobuf/writer.ts'
import { encodeLabels } from '../../core/wire/remote-write/write-request.ts'
import { BadInputError, type ConfigSchema, duration } from '../../sdk/plugin/index.ts'

/** Input of a test: series in the notation of Prometheus's unit tests. */
export interface Input {
  readonly series: readonly { readonly series: string; readonly values: string }[]
  /** Unix ms of the first samples. */
  readonly time?: number
  /** ms. */
  readonly interval: number
}

export const INPUT: ConfigSchema = {
  type: 'object',
  required: ['series'],
  properties: {
    series: {
      type: 'array',
      description: 'Series with their samples.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['series', 'values'],
        properties: {
          series: { type: 'string', description: 'The labels of the series: metric{label="value"}.' },
          values: { type: 'string', description: 'Its samples, as 1 2+3x4 _ stale.' }
        }
      }
    },
    time: { type: 'number', description: 'Unix ms of the first samples, by default the time at which they are sent.' },
    interval: duration({ description: 'Time between the samples of a series.', default: '15s' })
  }
}

// See core/wire/remote-write/write-request.ts.
const TIMESERIES = 1
const SAMPLE = 2

/** The series as a request of remote write 1.0. Throws if they are not in the notation. @param now Unix ms */
export function bodyOf({ series, interval, time }: Input, now: number): Buffer {
  const first = time ?? now
  const writer = new ProtobufWriter()
  for (const { series: text, values } of series) {
    const labels = encodeLabels(parseLabels(text).pairs)
    writer.nested(TIMESERIES, () => {
      writer.raw(labels)
      for (const [i, sample] of parseSamples(values).entries())
        if (sample !== undefined) writer.nested(SAMPLE, () => writeSample(writer, sample, first + i * interval))
    })
  }
  return Buffer.from(writer.finish())
}

function writeSample(writer: ProtobufWriter, sample: NonNullable<NotedSample>, time: number): void {
  if (sample === 'stale') writer.fixed64(1, STALE_MARKER.high, STALE_MARKER.low)
  else if (typeof sample === 'number') writer.double(1, sample)
  else throw new BadInputError('histograms cannot be sent by tests: write numbers')
  writer.integer(2, time)
}
