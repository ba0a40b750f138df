import type { OutgoingHttpHeaders } from 'node:http2'
import { RETRY_AFTER_S, type RequestError } from '../http/request-error.ts'
import { ProtobufWriter } from '../wire/protobuf/writer.ts'
import { RPC_CODE } from '../wire/rpc-code.ts'

// https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto: code 1, message 2, details 3 (repeated
// google.protobuf.Any). Any: type_url 1, value 2. google.rpc.RetryInfo: retry_delay 1. Duration: seconds 1.
const RETRY_INFO_TYPE = 'type.googleapis.com/google.rpc.RetryInfo'

/** The end of a call that has failed. */
export interface GrpcStatus {
  readonly code: number
  readonly message: string
  /** Seconds. Set if the client should send the call again. */
  readonly retryAfterS?: number
}

/** The code for each status of a {@link RequestError}. Any other is a fault of this server. */
const CODES: Readonly<Record<number, number>> = {
  400: RPC_CODE.invalidArgument,
  401: RPC_CODE.unauthenticated,
  403: RPC_CODE.permissionDenied,
  404: RPC_CODE.unimplemented,
  // RESOURCE_EXHAUSTED would have clients send what can never be taken again and again.
  413: RPC_CODE.invalidArgument,
  415: RPC_CODE.unimplemented,
  429: RPC_CODE.resourceExhausted,
  503: RPC_CODE.unavailable
}

/**
 * Clients lose the data of RESOURCE_EXHAUSTED unless RetryInfo comes with it. UNAVAILABLE has it too, so that they wait
 * as long as this server wants.
 */
export function statusOf({ status, message, headers }: RequestError): GrpcStatus {
  const code = CODES[status] ?? RPC_CODE.unavailable
  if (code !== RPC_CODE.unavailable && code !== RPC_CODE.resourceExhausted) return { code, message }
  return { code, message, retryAfterS: Number(headers['retry-after'] ?? RETRY_AFTER_S) }
}

/** Trailers of a call: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses */
export function trailersOf(status: GrpcStatus): OutgoingHttpHeaders {
  const { code, message, retryAfterS } = status
  const trailers = { 'grpc-status': String(code), 'grpc-message': percentEncoded(message) }
  return retryAfterS === undefined ? trailers : { ...trailers, 'grpc-status-details-bin': details(status, retryAfterS) }
}

/** A google.rpc.Status with RetryInfo, as metadata in binary is written. */
function details({ code, message }: GrpcStatus, retryAfterS: number): string {
  const writer = new ProtobufWriter()
  writer.integer(1, code)
  writer.string(2, message)
  writer.nested(3, () => {
    writer.string(1, RETRY_INFO_TYPE)
    writer.nested(2, () => writer.nested(1, () => writer.integer(1, retryAfterS)))
  })
  return Buffer.from(writer.finish()).toString('base64').replace(/=+$/, '')
}

/** Printable ASCII but for `%` stands as it is. */
function percentEncoded(text: string): string {
  return text.toWellFormed().replace(/[^ -$&-~]+/g, encodeAll)
}

const encodeAll = (text: string) => Buffer.from(text).toString('hex').replace(/../g, '%$&').toUpperCase()
