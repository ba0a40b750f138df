import type { Request, RequestHandler, Response } from 'express'
import type { Engine } from './engine.ts'
import { clickhouseCode, errorText } from './export-error.ts'

const MAX_SQL_BYTES = 2 ** 20
const DEFAULT_FORMAT = 'PrettyCompactMonoBlock'
// Of a statement as the engine itself writes it down; it refuses writing on top of that.
const READS = /^\(*(SELECT|WITH|SHOW|DESCRIBE|EXPLAIN|EXISTS)\b/
const QUOTED = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/gs
// What read-only leaves open in the embedded engine: any file of the machine. Names only, for a function can be
// called by its name alone (`APPLY(file)`).
const FORBIDDEN = /\bINTO OUTFILE\b|\bfile\b|\bcatboostEvaluate\b/i

// What ClickHouse adds to a syntax error, being asked as below.
const OUR_WRAPPING = /: In scope SELECT formatQuerySingleLine\(.*(?=\(SYNTAX_ERROR\))/s

const CONTENT_TYPES: readonly (readonly [prefix: string, type: string])[] = [
  ['JSONEachRow', 'application/x-ndjson'],
  ['JSON', 'application/json'],
  ['CSV', 'text/csv; charset=utf-8'],
  ['TSV', 'text/tab-separated-values; charset=utf-8'],
  ['TabSeparated', 'text/tab-separated-values; charset=utf-8']
]

/**
 * `POST …/query?format=JSON` with SQL as the body: answers with the result, 400 and ClickHouse's message for a query
 * it refuses, 503 where it is out of reach. Reads only.
 *
 * @param prepare opens the engine and makes sure of the tables
 */
export function queryRoute(engine: Engine, prepare: (signal: AbortSignal) => Promise<void>): RequestHandler {
  return async (request, response) => {
    const gone = new AbortController()
    response.once('close', () => gone.abort(new Error('the client went away')))
    try {
      const sql = await readBody(request)
      if (sql === undefined) return reply(response, 413, `the query is larger than ${MAX_SQL_BYTES} bytes`)
      const format = formatOf(request)
      if (format === undefined)
        return reply(response, 400, `format=${request.query.format} is not the name of a format`)
      await prepare(gone.signal)
      const statement = await canonical(engine, sql, gone.signal)
      const objection = objectionTo(statement)
      if (objection !== undefined) return reply(response, 400, objection)
      const result = await engine.query({ sql: statement, format }, gone.signal)
      response.status(200).set('content-type', contentType(format)).end(result)
    } catch (error) {
      if (gone.signal.aborted) return
      reply(response, clickhouseCode(error) === undefined ? 503 : 400, errorText(error).replace(OUR_WRAPPING, ' '))
    }
  }
}

/**
 * The one statement that `sql` is, as the engine's parser understood it: no comments, no odd quoting. This text is
 * looked at, and this text is run.
 */
async function canonical(engine: Engine, sql: string, signal: AbortSignal): Promise<string> {
  const literal = `'${sql.replace(/[\\']/g, '\\$&')}'`
  return (await engine.ask(`SELECT formatQuerySingleLine(${literal})`, signal)).trim()
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
