import type { Config } from './config.ts'

/** The layout of tables on several servers. `cluster` is empty if there is one server. */
export type ClusterOptions = Pick<Config, 'database' | 'cluster' | 'engine'>

/** By macros that each server has; `{database}` and `{table}` ClickHouse fills in itself. */
const REPLICA = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"

export interface Table {
  readonly name: string
  /** Columns and indices, with their parentheses: `(…)`. */
  readonly columns: string
  /** One of the MergeTree family, such as `ReplacingMergeTree`. */
  readonly engine: string
  /** The clauses behind the engine: order, partitions, TTL, settings. */
  readonly clauses: string
  /** Rows that belong together, or replace each other, have the same: they go to the same shard. */
  readonly shardBy: string
}

/** Follows the name in a statement that changes tables. */
export function onCluster({ cluster }: Pick<Config, 'cluster'>): string {
  return cluster === '' ? '' : ` ON CLUSTER '${cluster}'`
}

/** The table that holds the rows of `name`: in a cluster that is each shard's part, and `name` is all of them. */
export function localTable({ cluster }: Pick<Config, 'cluster'>, name: string): string {
  return cluster === '' ? name : `${name}_local`
}

/** Creates the table, and in a cluster the one in front of its parts. */
export function createTable(options: ClusterOptions, { name, columns, engine, clauses, shardBy }: Table): string[] {
  const { database, cluster } = options
  const local = localTable(options, name)
  const create = (table: string) => `CREATE TABLE IF NOT EXISTS ${database}.${table}${onCluster(options)}`
  const storage = options.engine === 'replicated' ? `Replicated${engine}(${REPLICA})` : engine
  const statements = [`${create(local)} ${columns} ENGINE = ${storage}\n${clauses}`]
  if (cluster !== '')
    statements.push(
      `${create(name)} AS ${database}.${local}\nENGINE = Distributed('${cluster}', '${database}', '${local}', ${shardBy})`
    )
  return statements
}

/** Both tables of the name, if there are two. */
export function tablesOf(options: ClusterOptions, name: string): string[] {
  return [...new Set([localTable(options, name), name])]
}

/** Settings of each insert, in SQL. */
export function insertSettings({ cluster }: Pick<Config, 'cluster'>): string[] {
  // By default newer servers collect inserts, and do not know a token again then.
  const settings = ['async_insert = 0']
  // Else the answer comes before the shards have the rows.
  if (cluster !== '') settings.push('distributed_foreground_insert = 1')
  return settings
}
