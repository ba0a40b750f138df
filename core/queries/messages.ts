// Messages between the main thread and a thread of queries. Messages of one direction arrive in their order. The thread
// gets `QueryThreadData` at its start.
//
// A query runs from `run` to `answer` or `refused`. Meanwhile the thread may fetch bytes from the store's owner, in the
// main thread: `fetch`, then a `piece` for each `more`, up to the piece that is the last one, or `failed`.

import type { QueryLimits } from '../promql/sample-store.ts'
import type { PlainQueryError, QueryAnswer, QueryRequest, RequiredLabels } from './requests.ts'

export interface QueryThreadData {
  /** See `QueryableStore`. */
  readonly module: string
  readonly config: unknown
  readonly settings: QuerySettings
}

/** Rules for all queries. */
export interface QuerySettings {
  readonly limits: QueryLimits
  readonly lookbackMs: number
  /** Largest size of the cache of results, in bytes. */
  readonly cacheBytes: number
  /** Functions that Prometheus marks as experimental. */
  readonly experimental: boolean
}

export type ToQueryThread =
  | {
      readonly kind: 'run'
      readonly id: number
      readonly request: QueryRequest
      readonly required: RequiredLabels
      /** Samples from this time on, Unix ms, may have changed since the last message; Infinity if none has. */
      readonly changedFrom: number
    }
  /** `canceled`: nobody waits for the answer any more; `timeout`: its time is over. */
  | { readonly kind: 'interrupt'; readonly id: number; readonly why: 'canceled' | 'timeout' }
  | { readonly kind: 'piece'; readonly fetch: number; readonly bytes: Uint8Array; readonly isLast: boolean }
  | { readonly kind: 'failed'; readonly fetch: number; readonly error: PlainQueryError }

export type FromQueryThread =
  | { readonly kind: 'fetch'; readonly fetch: number; readonly request: string }
  /** The next piece; the first comes by itself. */
  | { readonly kind: 'more'; readonly fetch: number }
  /** Nobody needs the rest. */
  | { readonly kind: 'stop'; readonly fetch: number }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: QueryAnswer }
  | { readonly kind: 'refused'; readonly id: number; readonly error: PlainQueryError }
