import { RequestError } from '../../core/http/request-error.ts'
import { grpcMethod } from '../../core/wire/otlp/response.ts'
import type { Context } from '../../sdk/plugin/index.ts'
import { httpPath } from './signals.ts'

const PATHS: readonly string[] = [httpPath('traces'), grpcMethod('trace')]
/** Addresses that are told apart; further ones are not logged. */
const MOST_ADDRESSES = 1000
const ADVICE = 'set OTEL_TRACES_EXPORTER=none, or send traces elsewhere'

/** Refuses traces, which many SDKs send to the same endpoint, and logs it once for each client. */
export class TraceRefusals {
  readonly #log: Context['log']
  readonly #addresses = new Set<string>()

  constructor({ log }: Context) {
    this.#log = log
  }

  /** Undefined if `path` is not for traces. */
  refusalOf(path: string, address: string): RequestError | undefined {
    if (!PATHS.includes(path)) return undefined
    if (this.#addresses.size < MOST_ADDRESSES && !this.#addresses.has(address)) {
      this.#addresses.add(address)
      this.#log.warn({ address }, `a client sends traces, which are refused: ${ADVICE}`)
    }
    return new RequestError(404, `this receiver takes metrics and logs, not traces: ${ADVICE}`)
  }
}
