import type { Signal } from '../../core/wire/otlp/response.ts'

/** Sends requests, one after another. */
export interface Transport {
  /**
   * Resolves to the answer, an Export…ServiceResponse. Throws {@link ExportError}.
   *
   * @param request must not change until the promise settles
   */
  send(signal: Signal, request: Uint8Array, abort: AbortSignal): Promise<Uint8Array>
  close(): void
}

/** The reason of items that the backend refuses. */
export const REJECTED = 'rejected_by_backend'
