import type { MessagePort } from 'node:worker_threads'
import { describeError } from '../errors.ts'
import { QueryError } from '../promql/query-error.ts'
import type { OpenStore } from '../promql/queryable.ts'
import { Answers } from './answers.ts'
import type { FromQueryThread, QueryThreadData, ToQueryThread } from './messages.ts'
import { RemoteFetch } from './remote-fetch.ts'

type Run = Extract<ToQueryThread, { kind: 'run' }>

/** A thread of queries, from inside: answers the messages of the main thread. */
export class QueryHost {
  readonly #port: MessagePort
  readonly #fetch: RemoteFetch
  readonly #answers: Promise<Answers>
  /** By id of the query. */
  readonly #running = new Map<number, AbortController>()

  constructor(port: MessagePort, { module, config, settings }: QueryThreadData) {
    this.#port = port
    this.#fetch = new RemoteFetch(port)
    this.#answers = import(module).then(({ default: open }: { default: OpenStore }) => {
      const store = open(config, (request, signal) => this.#fetch.fetch(request, signal))
      return new Answers(store, settings)
    })
    // Told by the queries that wait for it.
    this.#answers.catch(() => {})
    port.on('message', (message: ToQueryThread) => this.#receive(message))
  }

  #receive(message: ToQueryThread): void {
    if (message.kind === 'run') void this.#run(message)
    else if (message.kind === 'interrupt') this.#running.get(message.id)?.abort(interruption(message.why))
    else this.#fetch.receive(message)
  }

  async #run({ id, request, required, changedFrom }: Run): Promise<void> {
    const interrupt = new AbortController()
    this.#running.set(id, interrupt)
    try {
      const answers = await this.#answers
      answers.changed(changedFrom)
      const answer = await answers.answer(request, required, interrupt.signal)
      this.#post({ kind: 'answer', id, answer }, [answer.data.buffer])
    } catch (error) {
      this.#post({ kind: 'refused', id, error: plain(error) })
    } finally {
      this.#running.delete(id)
    }
  }

  #post(message: FromQueryThread, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer)
  }
}

function interruption(why: 'canceled' | 'timeout'): QueryError {
  if (why === 'canceled') return new QueryError('canceled', 'the query was canceled: nobody waits for its answer')
  return new QueryError(
    'timeout',
    'the query took longer than its timeout: narrow it by labels, shorten its range, or increase its step'
  )
}

function plain(error: unknown): { kind: QueryError['kind']; message: string } {
  if (error instanceof QueryError) return { kind: error.kind, message: error.message }
  return { kind: 'execution', message: `the query failed inside Weir: ${describeError(error)}` }
}
