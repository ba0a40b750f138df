// Messages between the main thread and its workers. A worker gets `WorkerData` at its start. Messages of one direction
// arrive in their order. All of it is plain data, which can be cloned.

import type { ErrorCode } from '../../errors.ts'
import type { AccessConfig } from '../../http/access/service-access.ts'
import type { PortableBlock } from '../../model/portable-block.ts'
import type { ComponentState, Refusal, RequestName } from '../../plugin/context.ts'
import type { ModuleSource } from '../../plugin/registry.ts'
import type { AccountFigures } from '../../telemetry/account.ts'
import type { FamilyValues } from '../../telemetry/metrics.ts'

/** The start of a worker. */
export interface WorkerData {
  /** Number of the thread; the main thread is 0. */
  readonly thread: number
  readonly logLevel: string
  /** Bytes; see `service.limits`. */
  readonly inFlight: number
  readonly maxSeries: number
  readonly access: AccessConfig
  /** Figures of tenants, shared by all threads. */
  readonly tenantMemory: SharedArrayBuffer | undefined
  /** Number of threads, with the main thread. */
  readonly threads: number
  /** For `SharedMeter`. */
  readonly credits: SharedArrayBuffer
}

/** A receiver to be created in a worker. */
export interface ReceiverSpec {
  /** Unique in the process: a reload may bring another receiver of the same id. */
  readonly key: number
  readonly id: string
  readonly type: string
  readonly config: unknown
  /** The module of a plugin. Undefined for a built-in one. */
  readonly source: ModuleSource | undefined
}

export type Ports = ReadonlyMap<string, number>

export type ToWorker =
  | {
      readonly kind: 'start'
      readonly receiver: ReceiverSpec
      readonly ports: Ports
      readonly requestsWanted: readonly RequestName[]
    }
  /** `drain`: it goes on to tell senders to come again, until the worker ends. */
  | { readonly kind: 'stop' | 'drain'; readonly key: number }
  /** The time for its stop is over. */
  | { readonly kind: 'abort'; readonly key: number }
  | {
      readonly kind: 'settled'
      readonly batches: readonly SettledBatch[]
      readonly requestsWanted: readonly RequestName[]
      /** The main thread has no room for more series, so the worker should let go of those it does not need. */
      readonly isTableFull: boolean
    }

export interface SettledBatch {
  /** That of the batch. */
  readonly number: number
  readonly outcome: PlainOutcome
  /** Ids of series that the main thread has no room for. */
  readonly refusedSeries: readonly number[]
}

export type PlainOutcome =
  | { readonly status: 'acked' }
  | { readonly status: 'dropped'; readonly items: number; readonly reason: string }
  | { readonly status: 'nacked'; readonly message: string; readonly code: ErrorCode }

export type FromWorker =
  | {
      readonly kind: 'started'
      readonly key: number
      readonly ports: Ports
      readonly announcements: readonly { readonly what: string; readonly command: string | undefined }[]
    }
  /** It could not start. */
  | { readonly kind: 'failed'; readonly key: number; readonly code: string | undefined; readonly message: string }
  | { readonly kind: 'batches'; readonly batches: readonly SentBatch[] }
  /** It brings no batch any more. Outcomes of those it brought may be open. */
  | { readonly kind: 'completed'; readonly key: number }
  | { readonly kind: 'stopped'; readonly key: number; readonly error: string | undefined }
  /** It has stopped, and all of its batches are settled and reported. */
  | { readonly kind: 'settled'; readonly key: number }
  | {
      readonly kind: 'report'
      readonly receivers: readonly ReceiverReport[]
      /** Ids of series that have gone, as in `PortablePoints`. */
      readonly gone: readonly number[]
      /** Memory of the worker's series table. */
      readonly seriesBytes: number
    }
  /** A line of the log, as JSON. */
  | { readonly kind: 'log'; readonly line: string }

export interface SentBatch {
  /** That of its receiver. */
  readonly key: number
  readonly number: number
  readonly request: string | undefined
  readonly block: PortableBlock
  /** Set if it is for the dead letters alone. Then it is acknowledged once it is there, and nacked if it cannot be. */
  readonly refusal: Refusal | undefined
}

/** The figures of one receiver in one worker, since the worker's start. */
export interface ReceiverReport {
  readonly key: number
  readonly account: AccountFigures
  readonly state: ComponentState
  readonly reason: string | undefined
  readonly metrics: readonly FamilyValues[]
}
