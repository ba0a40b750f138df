/** A question of the thread of queries to the main thread, which answers it. */
export type StoreRequest = Statement | WritesRequest

export interface Statement {
  readonly kind: 'statement'
  /** One statement that reads. */
  readonly sql: string
  /** True if it has the functions for time series, which ClickHouse calls experimental. */
  readonly timeSeries: boolean
}

export interface WritesRequest {
  readonly kind: 'writes'
  /** A number of blocks. */
  readonly since: number
}

/** The answer to {@link WritesRequest}, as JSON. Null if others may write into the database too. */
export type WritesAnswer = {
  /** Numbers of writes so far: all of them, and those with rows of series. */
  readonly blocks: number
  readonly series: number
  /** Unix ms: no sample before was written since. Null if none was at all. */
  readonly changedFrom: number | null
} | null

/** Facts about the database that the thread of queries needs. */
export interface StoreConfig {
  readonly database: string
  /** True if the tables are spread over servers. */
  readonly isDistributed: boolean
  /** Retention of the tables without a tier in ms; 0: forever. */
  readonly ttlMs: number
  readonly tiers: readonly TierConfig[]
  /** True if samples may be kept in memory, because all writes are known. */
  readonly keepsSamples: boolean
}

export interface TierConfig {
  /** The value of the attribute `rollup`, as in `1m`. */
  readonly name: string
  readonly sizeMs: number
  /** 0: forever. */
  readonly ttlMs: number
}

export const encodeRequest = (request: StoreRequest): string => JSON.stringify(request)
export const decodeRequest = (text: string): StoreRequest => JSON.parse(text)
