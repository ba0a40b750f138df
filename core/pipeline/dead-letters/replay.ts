import { Batch, type Origin, type Outcome } from '../../batch/batch.ts'
import { describeError, WeirError } from '../../errors.ts'
import type { Pipeline } from '../graph/pipeline.ts'
import type { BuiltService } from '../service/build.ts'
import type { DeadLetter, DeadLetterStore } from './store.ts'

/** The reason of items that a sending queue drops without a dead letter. */
const GIVEN_UP = 'retries_exhausted'

/** The answer to `weir dlq replay`. */
export interface ReplayReport {
  /** Letters delivered and removed, and the items in them. */
  readonly delivered: number
  readonly items: number
  readonly failed: readonly { readonly number: number; readonly error: string }[]
}

/** A dead letter that is delivered. Without its block: a gigabyte of dead letters must not be in memory at once. */
interface Delivered {
  readonly number: number
  readonly kind: DeadLetter['kind']
  readonly items: number
  readonly outcome: Outcome
}

/**
 * Delivers dead letters again, one after the other, and removes them. A receiver's is delivered once the journal has
 * it, with its key, which keeps a crash before the removal from counting it twice. An exporter's is delivered once a
 * checkpoint says so; after a crash before that the exporter sees the same points again.
 */
export class DeadLetterReplay {
  #deadLetters: DeadLetterStore
  #service: BuiltService
  /** Dead letters that could not be removed yet, by number. They are not delivered again. */
  #delivered = new Map<number, Delivered>()

  constructor(deadLetters: DeadLetterStore, service: BuiltService) {
    this.#deadLetters = deadLetters
    this.#service = service
  }

  /** One at a time: two would deliver each dead letter twice. */
  async run(numbers: readonly number[]): Promise<ReplayReport> {
    const failed: { number: number; error: string }[] = []
    const attempt = async (number: number, work: () => Promise<void>) => {
      await work().catch(error => failed.push({ number, error: describeError(error) }))
    }
    let delivered = 0
    let items = 0
    const finish = async (done: Delivered) => {
      await this.#finish(done)
      delivered++
      items += done.items
    }
    const exported: Delivered[] = []
    for (const number of numbers)
      await attempt(number, async () => {
        const done = this.#delivered.get(number) ?? (await this.#deliver(number))
        this.#delivered.set(number, done)
        if (done.kind === 'exporter') exported.push(done)
        else await finish(done)
      })
    const isWrittenDown = await this.#writeDown(exported)
    for (const done of exported)
      await attempt(done.number, async () => {
        if (!isWrittenDown)
          throw new Error('it is on its way, but no checkpoint could be written that says so; it stays here meanwhile')
        await finish(done)
      })
    return { delivered, items, failed }
  }

  /** Rejects if the dead letter is not delivered. */
  async #deliver(number: number): Promise<Delivered> {
    const { services, ingress } = this.#service
    if (!this.#deadLetters.has(number)) throw new Error('there is no such dead letter')
    const deadLetter = await this.#deadLetters.read(number, services.series)
    // Until then it may still come to light that it was delivered before a crash.
    if (deadLetter.kind === 'receiver' && !(await ingress.replayCompleted(AbortSignal.abort())))
      throw new WeirError('COMPONENT_FAILED', 'the data of the last run is still being processed; try again later')
    const about = { number, kind: deadLetter.kind, items: deadLetter.block.length }
    if (this.#deadLetters.isDelivered(number)) return { ...about, outcome: { status: 'acked' } }
    const outcome = await this.#push(deadLetter)
    if (outcome.status === 'nacked') throw outcome.error
    if (outcome.status === 'dropped' && outcome.reason === GIVEN_UP)
      throw new Error('it could not be sent within retry.max_elapsed_time')
    return { ...about, outcome }
  }

  #push({ kind, id, request, key, pipelines, block }: DeadLetter): Promise<Outcome> {
    const { topology, ingress } = this.#service
    const sendingQueue = topology.exporters.find(({ component }) => component.id === id)?.sendingQueue
    const isThere =
      kind === 'exporter' ? sendingQueue !== undefined : topology.receivers.some(({ component }) => component.id === id)
    if (!isThere) throw new WeirError('COMPONENT_FAILED', `the running Weir has no ${kind} ${id}`)
    const gone = pipelines?.find(name => !topology.pipelines.some(fed => fed.name === name && feeds(id, fed)))
    if (gone !== undefined)
      throw new WeirError(
        'COMPONENT_FAILED',
        `it failed in pipeline ${gone}, which the running Weir does not feed from ${id}`
      )
    const origin: Origin = {
      source: id,
      request: request === undefined ? undefined : () => request,
      deadLetter: key === undefined ? undefined : { key, pipelines }
    }
    return new Promise(resolve => {
      const batch = Batch.of(origin, block, resolve)
      if (kind === 'exporter') sendingQueue!.push(batch)
      else ingress.push(id, batch)
    })
  }

  /** Batches given to exporters may wait on their disks, and a crash cuts off those that no checkpoint knows. */
  async #writeDown(exported: readonly Delivered[]): Promise<boolean> {
    const { stateBackend } = this.#service
    return stateBackend === undefined || exported.length === 0 || stateBackend.checkpoint()
  }

  async #finish({ number, kind, outcome }: Delivered): Promise<void> {
    try {
      await this.#deadLetters.remove(number)
    } catch (error) {
      throw new Error(
        `it is delivered, but cannot be removed: ${describeError(error)}; a further replay removes it, and does not deliver it again`
      )
    }
    this.#delivered.delete(number)
    if (outcome.status !== 'dropped') return
    const { items, reason } = outcome
    const what = kind === 'exporter' ? `refused again (${reason}), and are in a new dead letter` : `dropped (${reason})`
    throw new Error(`${items} of its items were ${what}`)
  }
}

const feeds = (receiver: string, { config }: Pipeline) => config.receivers.includes(receiver)
