import type { Client, Metadata, ServiceError } from '@grpc/grpc-js'
import { grpcMethod, type Signal } from '../../core/wire/otlp/response.ts'
import { readRetryDelay } from '../../core/wire/otlp/response-reader.ts'
import { RPC_CODE } from '../../core/wire/rpc-code.ts'
import { ExportError } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { REJECTED, type Transport } from './transport.ts'

/** https://opentelemetry.io/docs/specs/otlp/#failures-1 */
const RETRYABLE: readonly number[] = [
  RPC_CODE.cancelled,
  RPC_CODE.deadlineExceeded,
  RPC_CODE.aborted,
  RPC_CODE.outOfRange,
  RPC_CODE.unavailable,
  RPC_CODE.dataLoss
]
const GZIP = 2

/** OTLP/gRPC. The library is loaded only if it is used. */
export class GrpcTransport implements Transport {
  readonly #config: Config
  #opened: Promise<{ readonly client: Client; readonly metadata: Metadata }> | undefined

  constructor(config: Config) {
    this.#config = config
  }

  async send(signal: Signal, request: Uint8Array, abort: AbortSignal): Promise<Uint8Array> {
    this.#opened ??= this.#open()
    const { client, metadata } = await this.#opened
    abort.throwIfAborted()
    return new Promise((resolve, reject) => {
      const call = client.makeUnaryRequest(grpcMethod(signal), asBuffer, same, request, metadata, (error, answer) => {
        abort.removeEventListener('abort', cancel)
        if (error === null) resolve(answer!)
        else reject(abort.aborted ? this.#unreachable(abort.reason) : this.#refusal(error))
      })
      const cancel = () => call.cancel()
      abort.addEventListener('abort', cancel, { once: true })
    })
  }

  close(): void {
    void this.#opened?.then(
      ({ client }) => client.close(),
      () => {}
    )
  }

  async #open() {
    const { Client, Metadata, credentials } = await import('@grpc/grpc-js')
    const { endpoint, headers, compression } = this.#config
    const { host, port, protocol } = new URL(endpoint)
    const isSecure = protocol === 'https:'
    // A URL has no port where it is the usual one of its scheme.
    const address = port === '' ? `${host}:${isSecure ? 443 : 80}` : host
    const metadata = new Metadata()
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
    const client = new Client(address, isSecure ? credentials.createSsl() : credentials.createInsecure(), {
      'grpc.primary_user_agent': 'weir',
      // The sending queue tries again.
      'grpc.enable_retries': 0,
      'grpc.default_compression_algorithm': compression === 'gzip' ? GZIP : 0
    })
    return { client, metadata }
  }

  #refusal({ code, details, metadata }: ServiceError): ExportError {
    const [status] = metadata.get('grpc-status-details-bin')
    const retryAfterMs = Buffer.isBuffer(status) ? readRetryDelay(status) : undefined
    const message = `${this.#config.endpoint} answered with code ${code}: ${details || '(no text)'}`
    const isBusy = code === RPC_CODE.resourceExhausted && retryAfterMs !== undefined
    if (isBusy || RETRYABLE.includes(code)) return new ExportError(message, { retryable: true, retryAfterMs })
    return new ExportError(message, { retryable: false, reason: REJECTED })
  }

  #unreachable(cause: unknown): ExportError {
    return new ExportError(`${this.#config.endpoint} did not answer`, { retryable: true, cause })
  }
}

const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
const same = (bytes: Buffer) => bytes
