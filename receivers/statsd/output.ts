import type { Observable } from 'rxjs'
import { Subject } from '../../core/rxjs.ts'
import { type Batch, type Block, type Context, type Permit, WeirError } from '../../sdk/plugin/index.ts'

const FIRST_RETRY_MS = 100
const MAX_RETRY_MS = 5_000

/**
 * Makes batches of blocks. Nobody waits for an answer, so nobody else would send a nacked batch again. The batch is
 * kept here, within the credits, and tried again for `retryForMs`.
 */
export class Output {
  readonly #context: Context
  readonly #retryForMs: number
  readonly #batches = new Subject<Batch>()
  /** Gives up on a block that waits to be sent again. */
  readonly #waiting = new Set<() => void>()
  /** Types of items that were dropped, and logged, for no pipeline takes them. */
  readonly #unwanted = new Set<Block['type']>()
  readonly #stop = new AbortController()

  constructor(context: Context, retryForMs: number) {
    this.#context = context
    this.#retryForMs = retryForMs
  }

  get batches$(): Observable<Batch> {
    return this.#batches
  }

  /** A block without credits is lost, as datagrams are. */
  sendOrDrop(block: Block, bytes: number): void {
    const permit = this.#context.credits.tryTake(bytes)
    if (permit === undefined) this.#dropNew(block, 'no_credits')
    else this.#emit(block, permit, this.#context.clock.now(), 0)
  }

  /** Sends the block once there are credits. Resolves then; undefined if it was sent at once. */
  sendWhenPaid(block: Block, bytes: number): Promise<void> | undefined {
    const { clock, credits } = this.#context
    const permit = credits.tryTake(bytes)
    if (permit === undefined) return this.#sendLater(block, bytes)
    this.#emit(block, permit, clock.now(), 0)
    return undefined
  }

  /** Drops the blocks that wait, and completes `batches$`. */
  close(): void {
    this.#stop.abort()
    for (const giveUp of this.#waiting) giveUp()
    this.#waiting.clear()
    this.#batches.complete()
  }

  async #sendLater(block: Block, bytes: number): Promise<void> {
    const { clock, credits } = this.#context
    const permit = await credits.take(bytes, this.#stop.signal).catch(() => undefined)
    if (permit !== undefined && !this.#stop.signal.aborted) return this.#emit(block, permit, clock.now(), 0)
    permit?.release()
    this.#dropNew(block, 'shutdown')
  }

  #dropNew(block: Block, reason: string): void {
    const { account } = this.#context
    account.book(block, items => {
      account.received += items
      account.drop(reason, items)
    })
  }

  #emit(block: Block, permit: Permit, since: number, attempt: number): void {
    const { bytes } = permit
    const batch = this.#context.batch(block, permit, outcome => {
      if (outcome.status !== 'nacked') return
      // Of a tenant its block is labelled and limited by now, which must not be done, and counted, a second time.
      if (isUnwanted(outcome.error)) this.#dropUnwanted(batch.block)
      else this.#keep(batch.block, bytes, since, attempt)
    })
    this.#batches.next(batch)
  }

  // No pipeline would take it later either.
  #dropUnwanted(block: Block): void {
    const { account, log } = this.#context
    const { type } = block
    account.book(block, items => {
      account.refused -= items
      account.drop('no_pipeline', items)
    })
    if (this.#unwanted.has(type)) return
    this.#unwanted.add(type)
    log.warn(`${type} are dropped: no pipeline of this receiver takes them; give it one with items: [${type}]`)
  }

  // The ledger has the block as received and nacked. As it was nacked to us it is still here: that entry is
  // turned into one in flight, and taken out again when `#emit` makes its own, so each point is in the books once. The
  // permit went back when the batch ended, so this buys another and holds it.
  #keep(block: Block, bytes: number, since: number, attempt: number): void {
    const { account, clock, credits } = this.#context
    account.book(block, items => {
      account.refused -= items
      account.inFlight += items
    })
    const permit = credits.tryTake(bytes)
    const giveUp = (reason: string) => {
      permit?.release()
      account.book(block, items => {
        account.inFlight -= items
        account.drop(reason, items)
      })
    }
    if (this.#stop.signal.aborted) giveUp('shutdown')
    else if (permit === undefined) giveUp('no_credits')
    else if (clock.now() - since >= this.#retryForMs) giveUp('retries_exhausted')
    else {
      const cancel = clock.setTimer(Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt), () => {
        this.#waiting.delete(waiting)
        account.book(block, items => {
          account.inFlight -= items
          account.received -= items
        })
        this.#emit(block, permit, since, attempt + 1)
      })
      const waiting = () => {
        cancel()
        giveUp('shutdown')
      }
      this.#waiting.add(waiting)
    }
  }
}

const isUnwanted = (error: Error) => WeirError.is(error) && error.code === 'NO_PIPELINE'
