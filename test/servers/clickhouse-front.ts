// A ClickHouse for tests: the real engine (chDB) behind as much of the HTTP interface as the client uses. Debian's
// server is too old, so this is a script that runs as a process of its own and prints its address:
//
//     node test/servers/clickhouse-front.ts <folder> [--port=N] [--password=secret]
//
// POST /_fail?how=… makes it misbehave until `how=no`; see `Failure`.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { drainPending, Session } from 'chdb'

/**
 * `status`: answers `code` (and `retry_after`) from something in front of ClickHouse; `clickhouse`: refuses as
 * ClickHouse does, with `code` and `message`; `hang`: no answer; `reset`: breaks the connection; `after`: does the
 * work, then breaks the connection. With `match`, only requests whose SQL contains it.
 */
type Failure = 'no' | 'status' | 'clickhouse' | 'hang' | 'reset' | 'after'

interface Failing {
  readonly how: Failure
  readonly match: string
  readonly code: number
  readonly message: string
  readonly retryAfter: string | null
}

const NOT_SETTINGS = new Set(['query', 'database', 'query_id', 'default_format', 'session_id', 'wait_end_of_query'])
const ON_CLUSTER = " ON CLUSTER 'one'"
const AUTHENTICATION_FAILED = 516
const STATUS_OF: Readonly<Record<number, number>> = { 516: 403, 497: 403, 60: 404, 81: 404, 202: 429 }

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '0' },
    password: { type: 'string', default: '' },
    /** Port of a ClickHouse Keeper or ZooKeeper: the engine is then the one server of the cluster `one`. */
    keeper: { type: 'string' }
  }
})
const folder = positionals[0]
const bodies = join(folder, 'front-bodies')
await mkdir(bodies, { recursive: true })
const stateBackend = new Session(folder, {
  connectionArgs: options.keeper === undefined ? [] : [await clusterOfOne()]
})
/** Those that were for a whole cluster. */
const clusterStatements: string[] = []
let failing: Failing = { how: 'no', match: '', code: 0, message: '', retryAfter: null }
let requests = 0

const server = createServer((request, response) => {
  serve(request, response).catch(error => refuse(response, 1002, String(error)))
})
server.listen(Number(options.port), '127.0.0.1', () => {
  const { port } = server.address() as { port: number }
  console.log(`http://127.0.0.1:${port}`)
})
process.once('SIGTERM', async () => {
  // Replicated tables, which wait to be started, would keep the engine from closing.
  if (options.keeper !== undefined) process.kill(process.pid, 'SIGKILL')
  server.close()
  server.closeAllConnections()
  stateBackend.close()
  await drainPending()
  process.exit()
})

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams: params } = new URL(request.url!, 'http://front')
  const body = await readAll(request)
  if (pathname === '/ping') return void response.end('Ok.\n')
  if (pathname === '/_fail') return setFailing(params, response)
  if (pathname === '/_cluster_statements') return void response.end(JSON.stringify(clusterStatements))
  const sql = params.get('query') ?? body.toString()
  if (failing.how !== 'no' && failing.how !== 'after' && sql.includes(failing.match)) return fail(response)
  if (!isAuthorized(request))
    return refuse(response, AUTHENTICATION_FAILED, 'default: Authentication failed', 'AUTHENTICATION_FAILED')
  await answer(response, sql, params, params.has('query') ? body : undefined)
}

function setFailing(params: URLSearchParams, response: ServerResponse): void {
  failing = {
    how: (params.get('how') ?? 'no') as Failure,
    match: params.get('match') ?? '',
    code: Number(params.get('code') ?? 500),
    message: params.get('message') ?? 'told to fail',
    retryAfter: params.get('retry_after')
  }
  response.end('Ok.\n')
}

function fail(response: ServerResponse): void {
  const { how, code, message, retryAfter } = failing
  if (how === 'reset') return void response.socket?.resetAndDestroy()
  if (how === 'hang') return
  if (retryAfter !== null) response.setHeader('retry-after', retryAfter)
  if (how === 'clickhouse') return refuse(response, code, message)
  response.writeHead(code).end(message)
}

function isAuthorized(request: IncomingMessage): boolean {
  const [, encoded = ''] = (request.headers.authorization ?? '').split(' ')
  const [user, ...password] = Buffer.from(encoded, 'base64').toString().split(':')
  return user === 'default' && password.join(':') === options.password
}

/** Runs one statement in a session of its own, `body` being the data of an INSERT. */
async function answer(response: ServerResponse, sql: string, params: URLSearchParams, body?: Buffer): Promise<void> {
  const session = new Session(folder)
  const file = join(bodies, String(requests++))
  try {
    const database = params.get('database')
    if (database !== null) await session.queryAsync(`USE ${database}`)
    const settings = [...params].filter(([name]) => !NOT_SETTINGS.has(name))
    const changes = settings.map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`)
    if (changes.length > 0) await session.queryAsync(`SET ${changes.join(', ')}`)
    let statement = sql
    if (body !== undefined && body.length > 0) {
      await writeFile(file, body)
      statement = sql.replace(') ', `) FROM INFILE '${file}' `)
    }
    statement = await forThisServer(session, statement)
    const result = await session.queryAsync(statement, { format: params.get('default_format') ?? 'TabSeparated' })
    if (failing.how === 'after' && sql.includes(failing.match)) return void response.socket?.resetAndDestroy()
    response.setHeader('x-clickhouse-summary', JSON.stringify({ read_rows: String(result.rowsRead) }))
    response.end(result.bytes())
  } catch (error) {
    const [, code = '1002', message, type] =
      /^Code: (\d+)\. DB::Exception: (.*?)\s*\((\w+)\)\s*$/s.exec((error as Error).message) ?? []
    refuse(response, Number(code), message ?? (error as Error).message, type)
  } finally {
    session.close()
    await rm(file, { force: true })
  }
}

/** A cluster of one server does itself what it is told to have all servers do, after a look at the grammar. */
async function forThisServer(session: Session, statement: string): Promise<string> {
  if (options.keeper === undefined || !statement.includes(ON_CLUSTER)) return statement
  await session.queryAsync(`EXPLAIN AST ${statement}`)
  clusterStatements.push(statement.trim())
  return statement.replace(ON_CLUSTER, '')
}

async function clusterOfOne(): Promise<string> {
  const file = join(folder, 'cluster.xml')
  // A server's own address makes it a local one: nobody listens there.
  const [host, port] = ['127.0.0.1', '9000']
  const replica = `<replica><host>${host}</host><port>${port}</port></replica>`
  await writeFile(
    file,
    `<clickhouse>
      <zookeeper><node><host>127.0.0.1</host><port>${options.keeper}</port></node></zookeeper>
      <macros><shard>1</shard><replica>r1</replica></macros>
      <tcp_port>${port}</tcp_port>
      <remote_servers><one><shard>${replica}</shard></one></remote_servers>
    </clickhouse>`
  )
  return `--config-file=${file}`
}

function refuse(response: ServerResponse, code: number, message: string, type = 'UNKNOWN'): void {
  response.writeHead(STATUS_OF[code] ?? 500, { 'x-clickhouse-exception-code': String(code) })
  response.end(`Code: ${code}. DB::Exception: ${message}. (${type}) (version 26.7.2.1 (official build))\n`)
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
