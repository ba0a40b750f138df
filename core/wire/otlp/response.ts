import { ProtobufWriter } from '../protobuf/writer.ts'

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/collector/metrics/v1/metrics_service.proto
// ExportMetricsServiceResponse: partial_success 1. ExportMetricsPartialSuccess: rejected_data_points 1 (int64), error_message 2.
// ExportLogsServiceResponse and ExportLogsPartialSuccess, with rejected_log_records 1, are alike.
// https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto: code 1 (int32), message 2.

export type OtlpFormat = 'protobuf' | 'json'

const NOTHING = new Uint8Array(0)

export interface PartialSuccess {
  /** With 0 and a message it is a warning. */
  readonly rejected: number
  readonly message: string
}

/** Names of the number in JSON. Both messages have the same fields. */
const REJECTED = { metrics: 'rejectedDataPoints', logs: 'rejectedLogRecords' }
export type Signal = keyof typeof REJECTED

/** https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto/collector */
export function grpcMethod(signal: Signal | 'trace'): string {
  const service = `${signal[0].toUpperCase()}${signal.slice(1)}Service`
  return `/opentelemetry.proto.collector.${signal}.v1.${service}/Export`
}

/** An ExportMetricsServiceResponse or ExportLogsServiceResponse. */
export function encodeExportResponse(signal: Signal, format: OtlpFormat, partial?: PartialSuccess): Uint8Array {
  if (format === 'json') {
    const { rejected, message } = partial ?? {}
    const partialSuccess = partial && { [REJECTED[signal]]: String(rejected), errorMessage: message }
    return Buffer.from(JSON.stringify({ partialSuccess }))
  }
  return partial === undefined ? NOTHING : nested(numberAndText(partial.rejected, partial.message))
}

/** A google.rpc.Status: the body of every answer that is not a success. */
export function encodeStatus(format: OtlpFormat, code: number, message: string): Uint8Array {
  return format === 'json' ? Buffer.from(JSON.stringify({ code, message })) : numberAndText(code, message)
}

/** A message of a varint in field 1 and a string in field 2. */
function numberAndText(number: number, text: string): Uint8Array {
  const writer = new ProtobufWriter()
  if (number !== 0) writer.integer(1, number)
  writer.string(2, text)
  return writer.finish()
}

function nested(content: Uint8Array): Uint8Array {
  const writer = new ProtobufWriter(content.length)
  writer.bytes(1, content)
  return writer.finish()
}
