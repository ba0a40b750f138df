import { Observable, type OperatorFunction, Subject } from 'rxjs'
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
  } catch (error) {
    log.error({ err: error }, 'the processor threw; the batch goes back to its sender')
    account.refused += block.length
    batch.nack(error as Error)
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

// RxJS ends a stream at its first error. Here the batch that caused it is handed back and the operator starts anew.
function liftStream(processor: StreamProcessor, { account, log, status }: Host): OperatorFunction<Batch, Batch> {
  return source =>
    new Observable(output => {
      let input = new Subject<Batch>()
      let current: Batch | undefined
      const fail = (error: Error) => {
        log.error({ err: error }, 'the processor failed and was started anew; the batch goes back to its sender')
        status('degraded', error.message)
        if (current !== undefined && !current.spent) {
          account.refused += current.block.length
          current.nack(error)
        }
        open()
      }
      const open = () => {
        input = new Subject<Batch>()
        input.pipe(processor.operator()).subscribe({
          next: batch => {
            account.sent += batch.block.length
            output.next(batch)
          },
          error: fail,
          complete: () => output.complete()
        })
      }
      open()
      return source.subscribe({
        next: batch => {
          current = batch
          account.received += batch.block.length
          input.next(batch)
          current = undefined
        },
        complete: () => input.complete()
      })
    })
}
