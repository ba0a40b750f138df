import type { Context } from '../plugin/context.ts'
import type { RequestError } from './request-error.ts'

/** Told of connections that are ended although their clients did not ask for it. */
export interface ConnectionEvents {
  /** One more than `most`, which is `max_connections_per_address`. */
  refused(address: string, most: number): void
  /** Slower than the times allow. */
  timedOut(): void
}

export const NO_EVENTS: ConnectionEvents = { refused() {}, timedOut() {} }

/** The metrics and log lines of a receiver's servers, whatever their number. */
export class ServerEvents implements ConnectionEvents {
  readonly #log: Context['log']
  readonly #refusedConnections: { add(value: number): void }
  readonly #timedOut: { add(value: number): void }
  readonly #refusedRequests: { add(value: number): void }
  #hasWarned = false

  constructor({ instruments, log }: Context) {
    this.#log = log
    this.#refusedConnections = instruments.counter(
      'refused_connections_total',
      'Connections closed because their address had max_connections_per_address.'
    )
    this.#timedOut = instruments.counter(
      'timed_out_connections_total',
      'Connections closed, or gRPC calls refused, because a request took longer than read_header_timeout or read_timeout.'
    )
    this.#refusedRequests = instruments.counter('refused_requests_total', 'Requests answered with an error.')
  }

  refused(address: string, most: number): void {
    this.#refusedConnections.add(1)
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#log.warn(
      { address, max_connections_per_address: most },
      'an address has as many connections as it may; further ones are closed: let its clients keep connections alive, or raise max_connections_per_address if it is a proxy'
    )
  }

  timedOut(): void {
    this.#timedOut.add(1)
  }

  /** @param thrown the cause, if it is a fault of this server @param request its method and path */
  answered(error: RequestError, request: string, thrown?: unknown): void {
    this.#refusedRequests.add(1)
    if (thrown !== undefined) this.#log.error(thrown, `${request} failed`)
    else this.#log.debug({ status: error.status, request }, error.message)
  }
}
