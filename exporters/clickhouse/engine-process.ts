import { type ChildProcess, fork } from 'node:child_process'
import { extname, join } from 'node:path'
import { Readable } from 'node:stream'
import type { Context } from '../../sdk/plugin/index.ts'
import type { Reply, Request } from './engine-protocol.ts'
import { EngineEnded, RefusedRequest } from './export-error.ts'

const PROGRAM = join(import.meta.dirname, `engine-main${extname(import.meta.filename)}`)
/** Each statement that runs takes one of them, and waits while all are taken. */
const THREADS = 64
/** Opening a large folder takes a while. */
const START_TIMEOUT_MS = 5 * 60_000
const END_TIMEOUT_MS = 10_000
const MIN_BACKOFF_MS = 1000
const MAX_BACKOFF_MS = 30_000
/** An end after so long is not counted together with the ones before. */
const STEADY_MS = 60_000

export interface Statement {
  readonly sql: string
  readonly format?: string
  /** As in {@link Request}. */
  readonly session?: readonly string[]
  /** Longer than this it cannot take, unless the engine hangs: then its process is ended. */
  readonly timeoutMs: number
}

interface Pending {
  /** Also for an answer that is being read. */
  fail(error: Error): void
  take(piece: Uint8Array, isLast: boolean): void
}

/**
 * The process that has the engine open. It is started when somebody needs it: anew after a crash, or after it was ended
 * because it hung, at once the first time and then after growing pauses.
 */
export class EngineProcess {
  readonly #folder: string
  readonly #host: Pick<Context, 'clock' | 'log'>
  #child: ChildProcess | undefined
  #opening: Promise<void> | undefined
  #exited: Promise<void> = Promise.resolve()
  #pending = new Map<number, Pending>()
  #lastId = 0
  #isEnding = false
  #whyEnded = ''
  #endsInARow = 0
  #startedAt = 0
  #notBefore = 0
  #restarts = 0

  constructor(folder: string, host: Pick<Context, 'clock' | 'log'>) {
    this.#folder = folder
    this.#host = host
  }

  /** How often it ended by itself, or was ended because it hung. */
  get restarts(): number {
    return this.#restarts
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Resolves when it serves. Rejects while it may not be started yet, and if the folder does not open. */
  open(): Promise<void> {
    this.#opening ??= this.#start().catch(error => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  /**
   * The answer, which comes as it is read. With a session, `signal` kills the statement, and the promise rejects once it has
   * ended; without, it goes on and its answer is discarded.
   */
  async run(statement: Statement, signal?: AbortSignal): Promise<Readable> {
    await this.open()
    signal?.throwIfAborted()
    if (this.#child === undefined) throw new Error(this.#whyEnded)
    const { sql, format = 'TabSeparated', session, timeoutMs } = statement
    const id = ++this.#lastId
    const cancel = () => this.#send({ kind: 'cancel', id })
    const unwatch = this.#watch(timeoutMs)
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      const answer = this.#answerOf(id)
      this.#send({ kind: 'run', id, sql, format, session })
      const stream = await answer
      if (signal?.aborted) stream.destroy()
      signal?.throwIfAborted()
      return stream
    } catch (error) {
      throw signal?.aborted ? signal.reason : error
    } finally {
      unwatch()
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** Kills queries, waits for the rest, and ends the process. */
  async close(): Promise<void> {
    await this.#opening?.catch(() => {})
    const child = this.#child
    if (child === undefined) return
    this.#isEnding = true
    child.ref()
    const cancelKill = this.#host.clock.setTimer(END_TIMEOUT_MS, () => child.kill('SIGKILL'))
    this.#send({ kind: 'end' })
    await this.#exited
    cancelKill()
    this.#isEnding = false
  }

  async #start(): Promise<void> {
    const { clock } = this.#host
    const waitMs = this.#notBefore - clock.now()
    if (waitMs > 0) throw new Error(`${this.#whyEnded}; it starts again in ${Math.ceil(waitMs / 1000)} s`)
    const env = { ...process.env, UV_THREADPOOL_SIZE: String(THREADS) }
    // Options of this process, such as a debugger's port, are not for a second one.
    const child = fork(PROGRAM, [this.#folder], { env, execArgv: [], serialization: 'advanced', stdio: STDIO })
    this.#child = child
    this.#startedAt = clock.now()
    const ready = Promise.withResolvers<void>()
    let why: string | undefined
    child.on('message', (reply: Reply) => {
      if (reply.kind === 'ready') ready.resolve()
      else if (reply.kind === 'closed') why = cannotOpen(this.#folder, reply.message)
      else this.#receive(reply)
    })
    this.#exited = exitOf(child).then(how => {
      this.#onExit(why ?? `the process of the embedded engine ended (${how})`)
      ready.reject(new Error(this.#whyEnded))
    })
    await ready.promise.finally(this.#watch(START_TIMEOUT_MS))
    unref(child)
  }

  #onExit(why: string): void {
    this.#child = undefined
    this.#opening = undefined
    this.#whyEnded = why
    for (const pending of this.#pending.values()) pending.fail(new EngineEnded(why))
    this.#pending.clear()
    if (this.#isEnding) return
    const { clock, log } = this.#host
    this.#restarts++
    this.#endsInARow = clock.now() - this.#startedAt < STEADY_MS ? this.#endsInARow + 1 : 1
    const backoff = this.#endsInARow === 1 ? 0 : MIN_BACKOFF_MS * 2 ** (this.#endsInARow - 2)
    this.#notBefore = clock.now() + Math.min(MAX_BACKOFF_MS, backoff)
    log.warn({ folder: this.#folder, restarts: this.#restarts }, `${why}: it is started anew when needed`)
  }

  #answerOf(id: number): Promise<Readable> {
    const { promise, resolve, reject } = Promise.withResolvers<Readable>()
    let answer: Readable | undefined
    let isComplete = false
    this.#expect(id, {
      fail: error => (answer === undefined ? reject(error) : answer.destroy(error)),
      take: (piece, isLast) => {
        if (isLast) this.#discard(id)
        isComplete = isLast
        answer ??= new Readable({
          // The first piece came by itself: each further one is asked for once there is room.
          read: () => isComplete || this.#send({ kind: 'more', id }),
          destroy: (error, done) => {
            if (this.#discard(id)) this.#send({ kind: 'cancel', id })
            done(error)
          }
        })
        answer.push(piece)
        if (isLast) answer.push(null)
        resolve(answer)
      }
    })
    return promise
  }

  #receive(reply: Extract<Reply, { readonly id: number }>): void {
    const pending = this.#pending.get(reply.id)
    if (reply.kind === 'piece') return pending?.take(reply.bytes, reply.isLast)
    this.#discard(reply.id)
    pending?.fail(refusal(reply.message))
  }

  #send(request: Request): void {
    if (this.#child?.connected) this.#child.send(request, () => {})
  }

  #expect(id: number, pending: Pending): void {
    this.#pending.set(id, pending)
    this.#child?.ref()
    this.#child?.channel?.ref()
  }

  /** An engine that nobody waits for does not keep this process from ending. */
  #discard(id: number): boolean {
    const wasExpected = this.#pending.delete(id)
    if (this.#pending.size === 0 && !this.#isEnding) unref(this.#child)
    return wasExpected
  }

  /** Ends the process unless the returned function is called in time. */
  #watch(timeoutMs: number): () => void {
    const child = this.#child
    return this.#host.clock.setTimer(timeoutMs, () => {
      this.#host.log.error(
        `the embedded engine has not answered for ${timeoutMs / 1000} s: its process ${child?.pid} is ended`
      )
      child?.kill('SIGKILL')
    })
  }
}

const STDIO: ['ignore', 'ignore', 'inherit', 'ipc'] = ['ignore', 'ignore', 'inherit', 'ipc']

function unref(child: ChildProcess | undefined): void {
  child?.unref()
  child?.channel?.unref()
}

/** Resolves with how it ended, or why it could not begin. */
async function exitOf(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
    child.on('error', error => child.pid === undefined && resolve(error.message))
  })
}

function refusal(message: string): Error {
  return message.startsWith('Code: ') ? new RefusedRequest(500, undefined, message) : new Error(message)
}

function cannotOpen(folder: string, why: string): string {
  return `the embedded engine cannot open ${folder} (${why}): is it open in another process? The engine says more on stderr`
}
