import { WeirRecordEncoder } from '../../core/kafka/weir-record.ts'
import type { OtlpRejections } from '../../core/wire/otlp/forms.ts'
import { decodeMetricsJson } from '../../core/wire/otlp/json-decoder.ts'
import { LogsEncoder } from '../../core/wire/otlp/logs-encoder.ts'
import { decodeLogsJson } from '../../core/wire/otlp/logs-json-decoder.ts'
import { MetricsEncoder } from '../../core/wire/otlp/metrics-encoder.ts'
import { ProtobufWriter } from '../../core/wire/protobuf/writer.ts'
import { BadInputError, type Block, type ConfigSchema, type Context, DEFAULT_LIMITS } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'

/** Input of a test: one record of the topic. */
export interface Input {
  readonly partition: number
  readonly number?: number
  readonly metrics?: object
  readonly logs?: object
  readonly events?: object
  readonly text?: string
}

const request = (name: string) => ({
  type: 'object',
  additionalProperties: true,
  description: `An ${name} as OTLP JSON. The record has it in the encoding of the receiver.`
})

export const INPUT: ConfigSchema = {
  type: 'object',
  properties: {
    partition: { type: 'integer', minimum: 0, description: 'The partition of the record.', default: 0 },
    number: { type: 'integer', minimum: 0, description: 'Number that its producer gave it: a second one is left out.' },
    metrics: request('ExportMetricsServiceRequest'),
    logs: request('ExportLogsServiceRequest'),
    events: { type: ['array', 'object'], description: 'An event or a list of them, for the encoding json.' },
    text: { type: 'string', description: 'The value as it is.' }
  }
}

/** The value of a record, as a producer would write it. Throws `BadInputError`. */
export function recordOf({ metrics, logs, events, text }: Input, config: Config, context: Context): Buffer {
  if ([metrics, logs, events, text].filter(value => value !== undefined).length !== 1)
    throw new BadInputError('a record has either metrics, logs, events or text')
  if (text !== undefined) return Buffer.from(text)
  const { encoding, signal } = config
  if (events !== undefined) {
    if (encoding !== 'json') throw new BadInputError(`this receiver reads ${encoding}: send metrics or logs`)
    return Buffer.from(JSON.stringify(events))
  }
  const isFit = encoding === 'weir' || (encoding === 'otlp_proto' && (signal === 'metrics') === (metrics !== undefined))
  if (!isFit) throw new BadInputError(`this receiver reads ${encoding === 'json' ? 'events' : signal}: send these`)
  const block = metrics === undefined ? logsOf(logs!, context) : metricsOf(metrics, context)
  if (encoding === 'weir') return new WeirRecordEncoder().encode(block)
  const writer = new ProtobufWriter()
  const bytes =
    block.type === 'points' ? new MetricsEncoder(writer).encode(block) : new LogsEncoder(writer).encode(block)
  return Buffer.from(bytes)
}

function metricsOf(request: object, { series, clock, credits }: Context): Block {
  const options = { maxBytes: credits.capacity, limits: DEFAULT_LIMITS, wantsExemplars: false }
  return whole(decodeMetricsJson(Buffer.from(JSON.stringify(request)), series, clock.now(), options))
}

function logsOf(request: object, { clock, credits }: Context): Block {
  const options = { maxBytes: credits.capacity, limits: DEFAULT_LIMITS }
  return whole(decodeLogsJson(Buffer.from(JSON.stringify(request)), clock.now(), options))
}

function whole({ block, rejections }: { readonly block: Block; readonly rejections: OtlpRejections }): Block {
  if (rejections.total > 0) throw new BadInputError(rejections.describe())
  return block
}
