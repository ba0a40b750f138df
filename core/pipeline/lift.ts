import { Observable, type Observer, type OperatorFunction, Subject, Subscriber, type Subscription } from 'rxjs'
import type { Context } from '../plugin/context.ts'
import type { MapProcessor, Processor, StreamProcessor } from '../plugin/contract.ts'
import type { Batch } from './batch.ts'

type Host = Pick<Context, 'account' | 'log' | 'status'>

/** A processor as an operator that keeps its books and outlives its errors. */
export function lift(processor: Processor, host: Host): OperatorFunction<Batch, Batch> {
  return 'process' in processor ? liftMap(processor, host) : liftStream(processor, host)
}

function liftMap(processor: MapProcessor, host: Host): OperatorFunction<Batch, Batch> {
  return source =>
    new Observable(output =>
      source.subscribe({
        next: batch => {
          const result = applyMap(processor, batch, host)
          if (result !== undefined) output.next(result)
        },
        complete: () => output.complete()
      })
    )
}

function applyMap(processor: MapProcessor, batch: Batch, { account, log }: Host): Batch | undefined {
  const { block } = batch
  const before = account.droppedTotal
  account.received += block.length
  let result: typeof block
  try {
    result = processor.process(block)
    if (!(result?.length >= 0)) throw new Error('process returned no block')
  } catch (thrown) {
    const error = asError(thrown)
    log.error({ err: error }, 'the processor threw; the batch goes back to its sender')
    account.refused += block.length
    batch.nack(error)
    return undefined
  }
  const missing = block.length - result.length - (account.droppedTotal - before)
  if (missing > 0) account.drop('unstated', missing)
  else account.produced -= missing
  account.sent += result.length
  if (result === block) return batch
  if (result.length > 0) return batch.replace(result)
  batch.ack()
  return undefined
}

function liftStream(processor: StreamProcessor, host: Host): OperatorFunction<Batch, Batch> {
  return source => new Observable(output => new LiftedStream(processor, host, output).read(source))
}

// RxJS ends a stream at its first error. Here the batch that caused it is handed back and the operator starts anew.
class LiftedStream {
  #processor: StreamProcessor
  #host: Host
  #output: Subscriber<Batch>
  #input!: Input
  #current: Batch | undefined
  /** Why the operator cannot even start: it would fail again at once. */
  #broken: Error | undefined
  #isOpening = false
  #isEnding = false

  constructor(processor: StreamProcessor, host: Host, output: Subscriber<Batch>) {
    this.#processor = processor
    this.#host = host
    this.#output = output
  }

  read(source: Observable<Batch>): Subscription {
    this.#open()
    return source.subscribe({
      next: batch => {
        this.#host.account.received += batch.block.length
        if (this.#broken !== undefined) return this.#refuse(batch, this.#broken)
        this.#current = batch
        this.#input.next(batch)
        this.#current = undefined
      },
      complete: () => {
        this.#isEnding = true
        if (this.#broken === undefined) this.#input.complete()
        else this.#output.complete()
      }
    })
  }

  #open(): void {
    this.#isOpening = true
    this.#input = new Input(thrown => this.#fail(thrown))
    this.#input.pipe(this.#processor.operator()).subscribe({
      next: batch => {
        this.#host.account.sent += batch.block.length
        this.#output.next(batch)
      },
      error: thrown => this.#fail(thrown),
      complete: () => {
        if (this.#isEnding) this.#output.complete()
        else this.#fail(new Error('its stream ended before what it reads did'))
      }
    })
    this.#isOpening = false
  }

  #fail(thrown: unknown): void {
    const error = asError(thrown)
    this.#host.log.error({ err: error }, 'the processor failed and was started anew; the batch goes back to its sender')
    this.#host.status('degraded', error.message)
    if (this.#current !== undefined && !this.#current.spent) this.#refuse(this.#current, error)
    if (this.#isOpening) this.#broken = error
    else if (this.#isEnding) this.#output.complete()
    else this.#open()
  }

  #refuse(batch: Batch, error: Error): void {
    this.#host.account.refused += batch.block.length
    batch.nack(error)
  }
}

/** What an operator reads. RxJS throws in a timer what an observer's `next` throws, which would end the process. */
class Input extends Subject<Batch> {
  #fail: (thrown: unknown) => void

  constructor(fail: (thrown: unknown) => void) {
    super()
    this.#fail = fail
  }

  override subscribe(observer?: Partial<Observer<Batch>> | ((batch: Batch) => void) | null): Subscription {
    // RxJS' own operators pass errors on by themselves.
    if (observer instanceof Subscriber) return super.subscribe(observer)
    const { next, error, complete } = typeof observer === 'function' ? { next: observer } : (observer ?? {})
    return super.subscribe({
      next: batch => {
        try {
          next?.call(observer, batch)
        } catch (thrown) {
          this.#fail(thrown)
        }
      },
      error: error?.bind(observer),
      complete: complete?.bind(observer)
    })
  }
}

const asError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(`it threw ${String(thrown)}`))
