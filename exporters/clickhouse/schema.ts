import type { Block } from '../../sdk/plugin/index.ts'
import type { ClusterOptions } from './cluster.ts'
import type { NativeBlock } from './native-format.ts'

const DAY_MS = 86_400_000

/** The tables of the database, and the rows that blocks become. */
export interface Schema {
  /** Made before the first block is stored. */
  readonly tables: TableSet
  /** The indexes of items whose times the tables cannot keep, rising. `inserts` is given a block without them. */
  unstorable(block: Block): number[]
  /** To be run in order; together they are the block. */
  inserts(block: Block): Insert[]
  /** The tables may have gone: their remembered content no longer holds. */
  reset(): void
}

/** Tables and views that are made together. */
export interface TableSet {
  /** `CREATE …` statements, in order; safe to run again. Views come after all else. */
  readonly tables: readonly string[]
  readonly views: readonly string[]
  /** Columns that tables made by earlier versions do not have: name and type, by table. */
  readonly added: readonly { readonly table: string; readonly name: string; readonly type: string }[]
  /** The `TTL` clause that each table with rows should have; empty if it keeps data forever. */
  readonly ttls: ReadonlyMap<string, string>
}

/** The part of a block that is stored. */
export interface BlockRows {
  /** To be run in order. */
  readonly inserts: readonly Insert[]
  /** Points of the block that are in none of them: the table keeps a later one of their series and time. */
  readonly lost: number
}

export interface Insert {
  /** The tables' definitions. */
  readonly tables: TableSet
  readonly table: string
  readonly rows: NativeBlock
  /** The same for the same data: the table drops a second insert with it. */
  readonly token?: string
  /** Called once the backend has the rows. */
  stored?(): void
}

export interface SchemaOptions extends ClusterOptions {
  readonly ttlMs: number
  /** Retention in ms of points with the attribute `rollup`, by its value. */
  readonly tiers: ReadonlyMap<string, number>
  /** Waits for the disk with each insert, so that stored rows survive a power cut. */
  readonly sync: boolean
  /** Keeps attributes of events so that one can be read without the others. Servers know that from 26.x on. */
  readonly splitsMaps: boolean
}

/** `TTL` of rows whose time is `column`, or nothing. */
export function ttlOf(column: string, ttlMs: number): string {
  return ttlMs === 0 ? '' : `${column} + toIntervalSecond(${Math.max(1, Math.ceil(ttlMs / 1000))})`
}

/**
 * Whole partitions are dropped when they expire, so a partition is short against the TTL; few of them keep reads with
 * `FINAL` cheap and let one insert reach far back.
 */
export function partitionOf(column: string, ttlMs: number): string {
  if (ttlMs > 0 && ttlMs <= 14 * DAY_MS) return `toDate(${column})`
  if (ttlMs > 0 && ttlMs <= 180 * DAY_MS) return `toMonday(${column})`
  return `toYYYYMM(${column})`
}

/** Table settings both schemas share. */
export function tableSettings(options: Pick<SchemaOptions, 'ttlMs' | 'sync'>, more: readonly string[] = []): string {
  const settings = [...more]
  if (options.ttlMs > 0) settings.push('ttl_only_drop_parts = 1')
  if (options.sync) settings.push('fsync_after_insert = 1', 'fsync_part_directory = 1')
  return settings.length > 0 ? `SETTINGS ${settings.join(', ')}` : ''
}
