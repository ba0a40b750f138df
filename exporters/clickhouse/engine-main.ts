// The process that has the embedded engine: `node engine-main.ts <folder>`, started by EngineProcess. A query that takes
// all memory, crashes or never ends costs this process, and not the one that holds the windows.
import { writeFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { EngineConnections, type NamedConnection } from './engine-connections.ts'
import type { Reply, Request } from './engine-protocol.ts'

const PIECE_BYTES = 256 * 1024
/** A statement that is about to begin is not listed yet, so it is killed until it has ended. */
const KILL_INTERVAL_MS = 100
/** From -1000 to 1000. The kernel ends this process before others when memory runs out. */
const OOM_SCORE = '500'
/** Above 0: while all cores are busy, Weir's own thread gets three times the share of one of the engine's. */
const NICENESS = 5

const folder = process.argv[2]
const running = new Map<number, { isCancelled: boolean; name: string | undefined }>()
const answers = new Map<number, Uint8Array>()

// Before anything starts a thread, for threads have the niceness of those that start them.
setPriority(NICENESS)
// Signals of a terminal or a service manager go to Weir's whole process group. Weir needs the engine until it has stopped.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.once('disconnect', leave)
// Weir may have gone before this file was loaded.
if (!process.connected) leave()
// Only Linux has the file, and only there it matters.
await writeFile('/proc/self/oom_score_adj', OOM_SCORE).catch(() => {})

const { Session: Connection, drainPending, shared } = await load()
const connections = new EngineConnections(() => new Connection(folder), `weir-${process.pid}`)
process.on('message', receive)
send({ kind: 'ready' })

/** Weir is gone. Inserted rows are on disk, and the next Weir needs the folder at once. */
function leave(): void {
  process.kill(process.pid, 'SIGKILL')
}

async function load() {
  try {
    const chdb = await import('chdb')
    return { ...chdb, shared: new chdb.Session(folder) }
  } catch (error) {
    const closed: Reply = { kind: 'closed', message: (error as Error).message }
    await new Promise(resolve => process.send!(closed, resolve))
    process.exit(1)
  }
}

function receive(request: Request): void {
  if (request.kind === 'run') void run(request)
  else if (request.kind === 'more') sendPiece(request.id)
  else if (request.kind === 'cancel') void cancel(request.id)
  else void end()
}

async function run({ id, sql, format, session }: Extract<Request, { kind: 'run' }>): Promise<void> {
  const state: { isCancelled: boolean; name: string | undefined } = { isCancelled: false, name: undefined }
  running.set(id, state)
  let own: NamedConnection<typeof shared> | undefined
  let isClean = false
  try {
    own = session && (await connections.take(session))
    state.name = own?.name
    if (state.isCancelled) throw new Error('the query was cancelled')
    const answer = await (own?.connection ?? shared).queryAsync(sql, { format })
    isClean = !state.isCancelled
    if (isClean) answers.set(id, answer.bytes())
    sendPiece(id)
  } catch (error) {
    send({ kind: 'failed', id, message: (error as Error).message })
  } finally {
    running.delete(id)
    if (own !== undefined) connections.release(own, isClean)
  }
}

function sendPiece(id: number): void {
  const rest = answers.get(id) ?? new Uint8Array()
  const isLast = rest.length <= PIECE_BYTES
  if (isLast) answers.delete(id)
  else answers.set(id, rest.subarray(PIECE_BYTES))
  // A copy: a view would be sent with all the memory behind it.
  send({ kind: 'piece', id, bytes: rest.slice(0, PIECE_BYTES), isLast })
}

async function cancel(id: number): Promise<void> {
  answers.delete(id)
  const state = running.get(id)
  if (state === undefined) return
  state.isCancelled = true
  while (state.name !== undefined && running.has(id)) {
    await shared.queryAsync(`KILL QUERY WHERE Settings['log_comment'] = '${state.name}' ASYNC`).catch(() => {})
    await setTimeout(KILL_INTERVAL_MS)
  }
}

async function end(): Promise<void> {
  await Promise.all([...running.keys()].map(cancel))
  await drainPending()
  connections.close()
  shared.close()
  await drainPending()
  process.exit()
}

function send(reply: Reply): void {
  if (process.connected) process.send!(reply)
}
