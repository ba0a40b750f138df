import { pipeline } from 'node:stream/promises'
import type { Request, RequestHandler, Response } from 'express'
import type { Context } from '../../sdk/plugin/index.ts'
import type { Query } from './backend.ts'
import type { Engine } from './engine.ts'
import { clickhouseCode, errorText } from './export-error.ts'
import type { QueryLimit } from './query-limit.ts'

const MAX_SQL_BYTES = 2 ** 20
const READ_TIMEOUT_MS = 60_000
const RETRY_AFTER_S = '3'
/** ClickHouse's codes for too many queries at once, of all users. */
const OVERLOADED = new Set(['202', '203'])
const DEFAULT_FORMAT = 'PrettyCompactMonoBlock'
// The beginning of a statement as the engine itself formats it. The engine refuses writing on top of that.
const READS = /^\(*(SELECT|WITH|SHOW|DESCRIBE|EXPLAIN|EXISTS)\b/
const QUOTED = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/gs
// Functions that read-only mode leaves open in the embedded engine: they read any file of the machine. Names only, for
// a function can be called by its name alone (`APPLY(file)`).
const FORBIDDEN = /\bINTO OUTFILE\b|\bfile\b|\bcatboostEvaluate\b/i

// The part that ClickHouse adds to a syntax error, being asked as below.
const OUR_WRAPPING = /: In scope SELECT formatQuerySingleLine\(.*(?=\(SYNTAX_ERROR\))/s

const CONTENT_TYPES: readonly (readonly [prefix: string, type: string])[] = [
  ['JSONEachRow', 'application/x-ndjson'],
  ['JSON', 'application/json'],
  ['CSV', 'text/csv; charset=utf-8'],
  ['TSV', 'text/tab-separated-values; charset=utf-8'],
  ['TabSeparated', 'text/tab-separated-values; charset=utf-8']
]

interface QueryService {
  readonly engine: Engine
  readonly limit: QueryLimit
  /** Opens the engine and makes sure of the tables. */
  prepare(signal: AbortSignal): Promise<void>
  readonly context: Pick<Context, 'clock'>
}

/**
 * `POST …/query?format=JSON` with SQL as the body: answers with the result as it is read; 400 and ClickHouse's message for
 * a query that it refuses; 503 if it is out of reach, or other queries take too long. Reads only.
 */
export function queryRoute(service: QueryService): RequestHandler {
  return async (request, response) => {
    const gone = new AbortController()
    response.once('close', () => gone.abort(new Error('the client went away')))
    try {
      const sql = await readBody(request)
      if (sql === undefined) return reply(response, 413, `the query is larger than ${MAX_SQL_BYTES} bytes`)
      const format = formatOf(request)
      if (format === undefined)
        return reply(response, 400, `format=${request.query.format} is not the name of a format`)
      const leave = await service.limit.enter(gone.signal)
      try {
        await answer(service, { sql, format }, response, gone.signal)
      } finally {
        leave()
      }
    } catch (error) {
      if (gone.signal.aborted) return
      if (response.headersSent) return void response.destroy()
      refuse(response, error)
    }
  }
}

async function answer(
  { engine, prepare, context }: QueryService,
  { sql, format }: Query,
  response: Response,
  gone: AbortSignal
): Promise<void> {
  await prepare(gone)
  const statement = await canonical(engine, sql, gone)
  const objection = objectionTo(statement)
  if (objection !== undefined) return reply(response, 400, objection)
  const result = await engine.query({ sql: statement, format }, gone)
  response.status(200).set('content-type', contentType(format))
  // The answer takes memory until it is read.
  const cancelTimeout = context.clock.setTimer(READ_TIMEOUT_MS, () =>
    result.destroy(new Error('it was not read in time'))
  )
  await pipeline(result, response).finally(cancelTimeout)
}

/**
 * The one statement that `sql` is, as the engine's parser understood it: no comments, no odd quoting. This text is
 * looked at, and this text is run.
 */
async function canonical(engine: Engine, sql: string, signal: AbortSignal): Promise<string> {
  const literal = `'${sql.replace(/[\\']/g, '\\$&')}'`
  try {
    return (await engine.ask(`SELECT formatQuerySingleLine(${literal})`, signal)).trim()
  } catch (error) {
    // ClickHouse's message ends there.
    if (sql.includes('\0') && error instanceof Error) error.message += ' (the query has a NUL character, U+0000)'
    throw error
  }
}

function refuse(response: Response, error: unknown): void {
  const code = clickhouseCode(error)
  const isOurs = code === undefined || OVERLOADED.has(code)
  if (isOurs) response.set('retry-after', RETRY_AFTER_S)
  reply(response, isOurs ? 503 : 400, errorText(error).replace(OUR_WRAPPING, ' '))
}

function objectionTo(statement: string): string | undefined {
  if (!READS.test(statement)) return 'this is for reading: SELECT, WITH, SHOW, DESCRIBE, EXPLAIN or EXISTS'
  const [forbidden] = FORBIDDEN.exec(statement.replace(QUOTED, quoted => (quoted[0] === "'" ? "''" : quoted))) ?? []
  if (forbidden === undefined) return undefined
  return `${forbidden} reaches files outside the database and is refused here; as a name for something else, choose another`
}

async function readBody(request: Request): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_SQL_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function formatOf(request: Request): string | undefined {
  const { format = DEFAULT_FORMAT } = request.query
  return typeof format === 'string' && /^[A-Za-z0-9]+$/.test(format) ? format : undefined
}

function contentType(format: string): string {
  return CONTENT_TYPES.find(([prefix]) => format.startsWith(prefix))?.[1] ?? 'text/plain; charset=utf-8'
}

function reply(response: Response, status: number, message: string): void {
  response.status(status).type('text/plain').end(`${message}\n`)
}
