import { SameTime } from '../../core/model/same-time.ts'
import type { QueryableStore } from '../../core/promql/queryable.ts'
import {
  type Block,
  type Context,
  type Explanation,
  type Exporter,
  type NamedSeries,
  SameTimeLosses,
  select
} from '../../sdk/plugin/index.ts'
import { onCluster } from './cluster.ts'
import { compactSchema } from './compact-schema.ts'
import type { Config } from './config.ts'
import { Engine } from './engine.ts'
import { explainSeries } from './explain.ts'
import { EngineEnded, errorText, exportError, isMissingTable, notReady, outOfRange } from './export-error.ts'
import { wholeMicroseconds } from './native-format.ts'
import { otelSchema } from './otel-schema.ts'
import { QueryLimit } from './query-limit.ts'
import { queryRoute } from './query-route.ts'
import { queryableStore } from './queryable.ts'
import type { Schema, TableSet } from './schema.ts'
import { WrittenTimes } from './written-times.ts'

// Long enough for everything else to have started: loading the engine takes half a second of CPU.
const LOAD_DELAY_MS = 200

const EXAMPLE_QUERY =
  "SELECT name, attributes, time, value FROM metrics WHERE attributes['window'] = '1s' ORDER BY time DESC LIMIT 10"

/** Tables of series, of points without a tier and of those in one. */
const SERIES_TABLES = 'series'

const SAME_TIME_REMEDY = 'give each a time of its own, or put a processor before this exporter that makes one of them'

export class ClickHouseExporter implements Exporter {
  readonly queryable: QueryableStore
  #config: Config
  #context: Context
  #engine: Engine
  #schema: Schema
  #sameTime: SameTime
  #losses: SameTimeLosses
  #made = new Map<TableSet, Promise<void>>()
  #rests = new WeakMap<Block, Block>()
  #running = new Set<Promise<void>>()
  #written: WrittenTimes
  #cancelLoad = () => {}
  #stopped = false

  constructor(config: Config, context: Context) {
    this.#config = config
    this.#context = context
    this.#engine = new Engine(config, context)
    this.#written = WrittenTimes.of(config)
    const { ttl: ttlMs, tiers, embedded } = config
    const options = {
      ...config,
      ttlMs,
      tiers: new Map(Object.entries(tiers)),
      sync: embedded !== undefined,
      splitsMaps: embedded !== undefined
    }
    this.#sameTime = new SameTime(context.series, wholeMicroseconds)
    this.#losses = new SameTimeLosses(context, SAME_TIME_REMEDY)
    this.#schema = config.schema === 'otel' ? otelSchema(options) : compactSchema(options)
    const { instruments } = context
    instruments.counter(
      'engine_restarts_total',
      'Times the process of the embedded engine ended by itself, or was ended because it hung.',
      () => this.#engine.restarts
    )
    const limit = new QueryLimit(config.query, context.clock, instruments)
    const prepare = (signal: AbortSignal) => this.#prepare(this.#schema.tables, signal)
    context.admin.route('post', 'query', queryRoute({ engine: this.#engine, limit, prepare, context }))
    this.queryable = queryableStore({ engine: this.#engine, config, prepare, written: this.#written, context })
  }

  async start(): Promise<void> {
    await this.#engine.check()
    this.#announce()
    // A server may be down now and come back: it is met with the first export.
    if (this.#config.embedded === undefined || this.#stopped) return
    this.#cancelLoad = this.#context.clock.setTimer(LOAD_DELAY_MS, () => {
      this.#prepare(this.#schema.tables).catch(error => this.#context.status('failed', errorText(error)))
    })
  }

  #announce(): void {
    const { embedded, endpoint, database } = this.#config
    const where = embedded === undefined ? `at ${endpoint}` : `embedded in ${embedded}`
    // The OpenTelemetry tables have no view to ask.
    const query =
      this.#config.schema === 'compact'
        ? `npx weir query --admin ${this.#context.admin.url} "${EXAMPLE_QUERY}"`
        : undefined
    this.#context.announce(`ClickHouse database ${database} ${where}`, query)
  }

  explain(series: NamedSeries): Explanation {
    return explainSeries(series, this.#config)
  }

  export(block: Block, signal: AbortSignal): Promise<void> {
    const done = this.#store(block, signal).finally(() => this.#running.delete(done))
    this.#running.add(done)
    return done
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#engine.ask('SELECT 1', signal)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelLoad()
    await Promise.allSettled(this.#running)
    await this.#engine.close()
  }

  async #store(block: Block, signal: AbortSignal): Promise<void> {
    const unstorable = this.#schema.unstorable(block)
    await this.#insert(unstorable.length === 0 ? block : this.#without(unstorable, block), signal)
    if (unstorable.length > 0) throw outOfRange(block.time, unstorable)
  }

  /** The same block each time, for rows and inserts are known again by it. */
  #without(unstorable: readonly number[], block: Block): Block {
    let rest = this.#rests.get(block)
    if (rest === undefined) {
      const left = new Set(unstorable)
      rest = select(
        block,
        Int32Array.from(block.time.keys()).filter(i => !left.has(i))
      )
      this.#rests.set(block, rest)
    }
    return rest
  }

  async #insert(block: Block, signal: AbortSignal): Promise<void> {
    if (block.length === 0) return
    const { block: distinct, replaced } = this.#merged(block)
    const inserts = this.#schema.inserts(distinct)
    try {
      await this.#prepare(this.#schema.tables, signal)
      for (const { tables } of inserts) await this.#prepare(tables, signal)
    } catch (error) {
      throw notReady(error, this.#context.clock.now())
    }
    try {
      for (const insert of inserts) {
        await this.#engine.insert(insert, signal)
        insert.stored?.()
      }
    } catch (error) {
      // No ExportError, so that the host searches for an item over which the engine crashes each time.
      if (error instanceof EngineEnded) throw error
      if (isMissingTable(error)) this.#reset()
      throw exportError(error, this.#context.clock.now())
    } finally {
      // After an error too: a part may be there.
      this.#written.wrote(
        distinct,
        inserts.some(({ table }) => table.startsWith(SERIES_TABLES))
      )
    }
    this.#losses.book(block, replaced)
  }

  /** The tables of `compact` keep one value of each series and time; those of `otel` keep all. */
  #merged(block: Block): { readonly block: Block; readonly replaced: number } {
    return block.type === 'points' && this.#config.schema === 'compact'
      ? this.#sameTime.merge(block)
      : { block, replaced: 0 }
  }

  /** Opens the engine and creates the missing ones of `tables`, once. */
  #prepare(tables: TableSet, signal?: AbortSignal): Promise<void> {
    if (!this.#config.create_schema) return this.#engine.open()
    let made = this.#made.get(tables)
    if (made === undefined) {
      made = this.#make(tables, signal).catch(error => {
        this.#made.delete(tables)
        throw error
      })
      this.#made.set(tables, made)
    }
    return made
  }

  async #make({ tables, views, added, ttls }: TableSet, signal?: AbortSignal): Promise<void> {
    const { database } = this.#config
    const known = await this.#engine.ask(`SELECT count() FROM system.databases WHERE name = '${database}'`, signal)
    // Asked first: a user may well have every right in a database, and none to create one.
    if (known.trim() === '0')
      await this.#engine.command(`CREATE DATABASE IF NOT EXISTS ${database}${onCluster(this.#config)}`, signal)
    for (const statement of tables) await this.#engine.command(statement, signal)
    for (const { table, name, type } of added) {
      const where = `database = '${database}' AND table = '${table}' AND name = '${name}'`
      const found = await this.#engine.ask(`SELECT count() FROM system.columns WHERE ${where}`, signal)
      if (found.trim() === '0') await this.#alter(table, `ADD COLUMN IF NOT EXISTS ${name} ${type}`, signal)
    }
    for (const statement of views) await this.#engine.command(statement, signal)
    for (const [table, ttl] of ttls) await this.#keepTtl(table, ttl, signal)
  }

  /** An older table gets the TTL of now. Rows that have expired by it go with the next merges. */
  async #keepTtl(table: string, ttl: string, signal?: AbortSignal): Promise<void> {
    const { database } = this.#config
    const where = `database = '${database}' AND name = '${table}'`
    const now = await this.#engine.ask(`SELECT engine_full FROM system.tables WHERE ${where}`, signal)
    const current = / TTL (.+?)(?: SETTINGS |$)/s.exec(now.trim())?.[1] ?? ''
    if (current === ttl) return
    const change = ttl === '' ? 'REMOVE TTL' : `MODIFY TTL ${ttl} SETTINGS materialize_ttl_after_modify = 0`
    await this.#alter(table, change, signal)
  }

  #alter(table: string, change: string, signal?: AbortSignal): Promise<void> {
    const statement = `ALTER TABLE ${this.#config.database}.${table}${onCluster(this.#config)} ${change}`
    return this.#engine.command(statement, signal)
  }

  #reset(): void {
    this.#made.clear()
    this.#schema.reset()
  }
}
