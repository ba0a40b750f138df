import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { ACCEPTED_ENCODINGS } from '../http/compression.ts'
import { frame } from './message.ts'
import { type GrpcStatus, trailersOf } from './status.ts'

const HEADERS = { ':status': 200, 'content-type': 'application/grpc', 'grpc-accept-encoding': ACCEPTED_ENCODINGS }
/** The code of HTTP/2. */
const NO_ERROR = 0
const OK = { 'grpc-status': '0' }
/** `grpc-timeout`: at most eight digits and a unit. */
const TIMEOUT = /^(\d{1,8})([HMSmun])$/
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }

/** A unary call. It is answered once; later answers are passed over. */
export class Call {
  readonly stream: ServerHttp2Stream
  readonly metadata: IncomingHttpHeaders
  /** `/package.Service/Method` */
  readonly path: string
  #isAnswered = false

  constructor(stream: ServerHttp2Stream, metadata: IncomingHttpHeaders) {
    this.stream = stream
    this.metadata = metadata
    this.path = metadata[':path'] ?? ''
    // An error is followed by `close`, which is what matters.
    stream.on('error', () => {})
  }

  /** The client's address, as long as it is connected. */
  get peer(): string {
    return this.stream.session?.socket.remoteAddress ?? 'an unknown address'
  }

  /** The time that the client waits for the answer, in ms. Infinity if it did not say. */
  get timeoutMs(): number {
    const [, digits, unit] = TIMEOUT.exec(String(this.metadata['grpc-timeout'])) ?? []
    return unit === undefined ? Number.POSITIVE_INFINITY : Number(digits) * UNIT_MS[unit]
  }

  /** The status of HTTP for a request that is no call of gRPC. Undefined if it is one. */
  get httpError(): number | undefined {
    if (this.metadata[':method'] !== 'POST') return 405
    const isGrpc = this.metadata['content-type']?.startsWith('application/grpc') ?? false
    return isGrpc ? undefined : 415
  }

  succeed(message: Uint8Array): void {
    if (!this.#begin()) return
    const { stream } = this
    stream.on('wantTrailers', () => stream.sendTrailers(OK))
    stream.respond(HEADERS, { waitForTrailers: true })
    stream.end(frame(message))
  }

  fail(status: GrpcStatus): void {
    this.#end({ ...HEADERS, ...trailersOf(status) })
  }

  failHttp(status: number): void {
    this.#end({ ':status': status })
  }

  #end(headers: Record<string, unknown>): void {
    if (!this.#begin()) return
    this.stream.respond(headers as IncomingHttpHeaders, { endStream: true })
    // The client may still be sending, and nobody reads that any more. A reset would overtake the headers if it came at
    // once.
    if (!this.stream.readableEnded) setImmediate(() => this.stream.close(NO_ERROR))
  }

  #begin(): boolean {
    const isFirst = !this.#isAnswered && !this.stream.destroyed && !this.stream.closed
    this.#isAnswered = true
    return isFirst
  }
}
