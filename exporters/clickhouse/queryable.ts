import { extname } from 'node:path'
import type { Readable } from 'node:stream'
import { QueryError, TooMuchError } from '../../core/promql/query-error.ts'
import type { QueryableStore } from '../../core/promql/queryable.ts'
import { type Context, parseDuration } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import type { Engine } from './engine.ts'
import { clickhouseCode, errorText } from './export-error.ts'
import { decodeRequest, type StoreConfig, type WritesAnswer } from './promql/request.ts'
import { QueryLimit, TooManyQueries } from './query-limit.ts'
import type { WrittenTimes } from './written-times.ts'

const MODULE = new URL(`./promql/open${extname(import.meta.filename)}`, import.meta.url).href
/** A dashboard asks for all its panels at once, with several statements each. */
const MAX_QUEUED = 512
/** Lists of series ids may be long. */
const MAX_QUERY_BYTES = 64 * 2 ** 20

const SETTINGS: Readonly<Record<string, string>> = {
  max_query_size: String(MAX_QUERY_BYTES),
  // Machine code for expressions takes longer to make than it saves in a statement, and statements differ.
  compile_expressions: '0',
  compile_aggregate_expressions: '0'
}
const TIME_SERIES_SETTINGS = { ...SETTINGS, allow_experimental_ts_to_grid_aggregate_function: '1' }

const TIMEOUT_EXCEEDED = '159'
const CANCELED = '394'
/** Codes of ClickHouse for too many queries at once, of all users. */
const OVERLOADED = new Set(['202', '203'])
/** Codes for limits, with the option that sets each. */
const LIMITS: ReadonlyMap<string, string> = new Map([
  ['241', 'max_memory_usage'],
  ['396', 'max_result_bytes']
])

interface QueryService {
  readonly engine: Engine
  readonly config: Config
  /** Opens the engine and makes sure of the tables. */
  prepare(signal: AbortSignal): Promise<void>
  readonly written: WrittenTimes
  readonly context: Pick<Context, 'clock' | 'instruments'>
}

/** The exporter's tables as a store that PromQL can be asked of. SQL comes from `promql/open.ts` only. */
export function queryableStore({ engine, config, prepare, written, context }: QueryService): QueryableStore {
  const limit = new QueryLimit(
    { ...config.query, max_queued: MAX_QUEUED },
    context.clock,
    context.instruments,
    'promql_'
  )
  return {
    module: MODULE,
    config: storeConfig(config),
    // Other processes may write into a served database, of which nobody tells.
    ...(config.embedded === undefined ? {} : { watch: changed => written.watch(changed) }),
    async fetch(request, signal) {
      if (config.schema === 'otel')
        throw new QueryError(
          'execution',
          'tables of `schema: otel` can be asked neither by PromQL nor about events: use `schema: compact`'
        )
      const question = decodeRequest(request)
      if (question.kind === 'writes')
        return asPieces(config.embedded === undefined ? null : writesAnswer(written, question.since))
      const { sql, timeSeries } = question
      const settings = timeSeries ? TIME_SERIES_SETTINGS : SETTINGS
      try {
        const leave = await limit.enter(signal)
        try {
          await prepare(signal)
          return untilRead(await engine.query({ sql, format: 'Native', settings }, signal), signal, leave)
        } catch (error) {
          leave()
          throw error
        }
      } catch (error) {
        throw signal.aborted ? signal.reason : queryError(error)
      }
    }
  }
}

/** The answer. It is in the engine's memory until it has been read, or nobody wants it any more. */
function untilRead(answer: Readable, signal: AbortSignal, leave: () => void): Readable {
  const abort = () => void answer.destroy()
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  return answer.once('close', () => {
    signal.removeEventListener('abort', abort)
    leave()
  })
}

function writesAnswer(written: WrittenTimes, since: number): WritesAnswer {
  const changedFrom = written.changedFrom(since)
  return { ...written.writes, changedFrom: changedFrom === Number.POSITIVE_INFINITY ? null : changedFrom }
}

async function* asPieces(answer: WritesAnswer): AsyncGenerator<Uint8Array> {
  yield Buffer.from(JSON.stringify(answer))
}

function storeConfig({ database, cluster, ttl, tiers, embedded }: Config): StoreConfig {
  const sizes = Object.entries(tiers).map(([name, ttlMs]) => ({ name, sizeMs: parseDuration(name), ttlMs }))
  return {
    database,
    isDistributed: cluster !== '',
    ttlMs: ttl,
    tiers: sizes.sort((a, b) => a.sizeMs - b.sizeMs),
    keepsSamples: embedded !== undefined
  }
}

function queryError(error: unknown): QueryError {
  if (error instanceof QueryError) return error
  const text = errorText(error)
  const code = clickhouseCode(error)
  if (error instanceof TooManyQueries || code === undefined || OVERLOADED.has(code))
    return new QueryError('unavailable', `the store cannot be asked: ${text}`)
  if (code === CANCELED) return new QueryError('canceled', 'the query was stopped in ClickHouse')
  if (code === TIMEOUT_EXCEEDED)
    return new QueryError(
      'timeout',
      'the query ran longer than `query.max_execution_time` of the exporter: ask for less, or raise it'
    )
  const option = LIMITS.get(code)
  if (option === undefined) return new QueryError('execution', text)
  return new TooMuchError(`the query needs more than \`query.${option}\` of the exporter: ask for less, or raise it`)
}
