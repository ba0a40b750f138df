import type { EventStore } from '../event-queries/event-store.ts'
import type { SampleStore } from './sample-store.ts'

/** Asks the store's owner, in the main thread, for the bytes of an answer. */
export type FetchBytes = (request: string, signal: AbortSignal) => AsyncIterable<Uint8Array>

/** The default export of the module of a {@link QueryableStore}. Runs in the thread of queries. */
export type OpenStore<C = unknown> = (config: C, fetch: FetchBytes) => OpenedStore

/** It may keep samples for other queries: a quarter of `maxSamples` at most. */
export interface OpenedStore extends SampleStore {
  /** Undefined if it keeps no events. */
  readonly events?: EventStore
}

/**
 * A store that PromQL can be asked of. Its answers are read and evaluated in a thread of their own, so that ingestion
 * does not wait. Only bytes pass through the main thread.
 */
export interface QueryableStore {
  /** URL of a module whose default export is an {@link OpenStore}. */
  readonly module: string
  /** Given to it, as a structured clone. */
  readonly config: unknown
  /** Answers a request of that module. Rejects with a `QueryError`, or any error, which means `unavailable`. */
  fetch(request: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  /**
   * Calls `changed` with the earliest time, Unix ms, of samples that were written, after each write. Returns a function
   * that ends it. Results of queries are cached only for a store that has this: all of its samples come by this way.
   */
  watch?(changed: (earliestMs: number) => void): () => void
}
