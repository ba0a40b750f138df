import { Batch, type Origin, type Outcome } from '../../batch/batch.ts'
import { describeError, WeirError } from '../../errors.ts'
import type { Block } from '../../model/block.ts'
import { itemsIn, pickItems, type Range, unpicked } from '../../model/ranges.ts'
import { select } from '../../model/select.ts'
import type { ReceiverPlugin } from '../../plugin/contract.ts'
import { count } from '../../plural.ts'
import type { Pipeline } from '../graph/pipeline.ts'
import type { BuiltReceiver } from '../graph/topology.ts'
import type { DirectExport, DirectResult } from '../sending-queue/direct-export.ts'
import { describeFailure, type Failure } from '../sending-queue/failure.ts'
import type { BuiltService } from '../service/build.ts'
import type { DeadLetter, DeadLetterStore } from './store.ts'
import { PROCESSOR_FAILED } from './writer.ts'

/** The end of one dead letter's replay: delivered and removed, or the reason why not. */
export type EndedReplay =
  | { readonly number: number; readonly items: number }
  | { readonly number: number; readonly error: string }

/** The file of a dead letter could not be removed or written anew since some of its items were delivered. */
interface Undelivered {
  /** Items in that file. */
  readonly of: number
  /** Those of them that are still to be delivered. */
  readonly left: readonly Range[]
}

const NONE_LEFT: DirectResult = { left: [], failure: undefined }

/**
 * Delivers dead letters again, one after the other, and removes them. A receiver's is delivered once the journal has
 * it, with its key, which keeps a crash before the removal from counting it twice. An exporter's is delivered once the
 * backend has it; after a crash before the removal it sees the same items again. It goes past the exporter's queue,
 * which may wait for the room that the dead letter takes.
 */
export class DeadLetterReplay {
  #deadLetters: DeadLetterStore
  #service: BuiltService
  /** By number. */
  #undelivered = new Map<number, Undelivered>()

  constructor(deadLetters: DeadLetterStore, service: BuiltService) {
    this.#deadLetters = deadLetters
    this.#service = service
  }

  /**
   * One at a time: two would deliver each dead letter twice.
   * @param isWanted whether to go on with the next
   */
  async run(numbers: readonly number[], onEnded: (ended: EndedReplay) => void, isWanted = () => true): Promise<void> {
    /** Exporters whose backend does not answer, and the dead letter that tells. */
    const unanswered = new Map<string, number>()
    for (const number of numbers) {
      if (!isWanted()) return
      try {
        onEnded({ number, items: await this.#replay(number, unanswered) })
      } catch (error) {
        onEnded({ number, error: describeError(error) })
      }
    }
  }

  /** Resolves to the number of its items. Rejects if not all of it is delivered, or it cannot be removed. */
  async #replay(number: number, unanswered: Map<string, number>): Promise<number> {
    if (!this.#deadLetters.has(number)) throw new Error('there is no such dead letter')
    const deadLetter = await this.#deadLetters.read(number, this.#service.services.series)
    const { kind, id, block } = deadLetter
    const known = this.#undelivered.get(number)
    const left = known?.of === block.length ? known.left : [{ from: 0, to: block.length }]
    if (left.length === 0) await this.#keepOnly(number, deadLetter, NONE_LEFT)
    else if (kind === 'receiver') return this.#replayReceived(number, await this.#recheck(number, deadLetter))
    else {
      const first = unanswered.get(id)
      if (first !== undefined) throw new Error(`not tried, since exporter ${id} could not send #${first}`)
      const result = await this.#export(number, deadLetter, left)
      if (result.failure?.kind === 'transient') unanswered.set(id, number)
      if (result.left.length > 0) throw new Error(describeRest(result, block.length))
    }
    return block.length
  }

  /**
   * Items that their receiver had refused are shown to it again. Those that it refuses still get a dead letter of their
   * own first, so that they outlive the rest. Throws if it refuses all.
   */
  async #recheck(number: number, deadLetter: DeadLetter): Promise<DeadLetter> {
    if (deadLetter.reason === PROCESSOR_FAILED) return deadLetter
    const { id, block, key } = deadLetter
    const { plugin, config } = this.#receiver(id).entry
    const refused = await (plugin as ReceiverPlugin).recheck?.(config, block)
    if (refused === undefined || refused.size === 0) return deadLetter
    const [error] = refused.values()
    if (refused.size === block.length) throw new Error(`it stayed here, refused again: ${error}`)
    const { fit, unfit } = parted(block, refused)
    await this.#deadLetters.put({ ...deadLetter, block: unfit, error, key: key && `${key}_rest` })
    const rest = { ...deadLetter, block: fit }
    await this.#deadLetters.replace(number, rest)
    return rest
  }

  /** Resolves to the number of items. */
  async #replayReceived(number: number, deadLetter: DeadLetter): Promise<number> {
    // Until then it may still come to light that it was delivered before a crash.
    if (!(await this.#service.ingress.replayCompleted(AbortSignal.abort())))
      throw new WeirError('COMPONENT_FAILED', 'the data of the last run is still being processed; try again later')
    const outcome: Outcome = this.#deadLetters.isDelivered(number) ? { status: 'acked' } : await this.#push(deadLetter)
    if (outcome.status === 'nacked') throw outcome.error
    await this.#keepOnly(number, deadLetter, NONE_LEFT)
    if (outcome.status === 'dropped')
      throw new Error(`${count(outcome.items, 'item')} of it dropped (${outcome.reason})`)
    return deadLetter.block.length
  }

  #push({ id, request, key, pipelines, block }: DeadLetter): Promise<Outcome> {
    const { topology, ingress } = this.#service
    if ((this.#receiver(id).entry.plugin as ReceiverPlugin).partitioned)
      throw new WeirError(
        'COMPONENT_FAILED',
        `receiver ${id} reads a log, and no other items can come between; write its items to the log again`
      )
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
    return new Promise(resolve => ingress.push(id, Batch.of(origin, block, resolve)))
  }

  #receiver(id: string): BuiltReceiver {
    const receiver = this.#service.topology.receivers.find(({ component }) => component.id === id)
    if (receiver === undefined) throw isMissing('receiver', id)
    return receiver
  }

  async #export(number: number, deadLetter: DeadLetter, left: readonly Range[]): Promise<DirectResult> {
    let result: DirectResult = { left, failure: undefined }
    await this.#directTo(deadLetter.id).send(pickItems(deadLetter.block, left), async sent => {
      result = { ...sent, left: unpicked(sent.left, left) }
      await this.#keepOnly(number, deadLetter, result)
    })
    return result
  }

  #directTo(id: string): DirectExport {
    const exporter = this.#service.topology.exporters.find(({ component }) => component.id === id)
    if (exporter === undefined) throw isMissing('exporter', id)
    return exporter.sendingQueue.direct
  }

  /** Removes the dead letter, or writes it anew with the items of its block that are left. */
  async #keepOnly(number: number, deadLetter: DeadLetter, { left, failure }: DirectResult): Promise<void> {
    const { block } = deadLetter
    if (itemsIn(left) === block.length) return
    this.#undelivered.set(number, { of: block.length, left })
    try {
      if (left.length === 0) await this.#deadLetters.remove(number)
      else await this.#deadLetters.replace(number, restOf(deadLetter, left, failure))
    } catch (error) {
      const why = describeError(error)
      throw new Error(
        left.length === 0
          ? `it is delivered, but cannot be removed: ${why}; a further replay removes it, and does not deliver it again`
          : `it is delivered in part, and the rest cannot be written: ${why}; a further replay delivers only the rest`
      )
    }
    this.#undelivered.delete(number)
  }
}

function restOf(deadLetter: DeadLetter, left: readonly Range[], failure: Failure | undefined): DeadLetter {
  const rest = { ...deadLetter, block: pickItems(deadLetter.block, left) }
  return failure?.kind === 'refused' ? { ...rest, reason: failure.reason, error: describeFailure(failure) } : rest
}

function describeRest({ left, failure }: DirectResult, items: number): string {
  const rest = itemsIn(left)
  const why = describeFailure(failure!)
  const how = failure!.kind === 'transient' ? `not sent: ${why}` : `refused again (${failure!.reason}): ${why}`
  return `${rest === items ? 'it' : `${rest} of its ${count(items, 'item')}`} stayed here, ${how}`
}

function parted(block: Block, refused: ReadonlyMap<number, string>): { readonly fit: Block; readonly unfit: Block } {
  const indexes = Array.from({ length: block.length }, (_, i) => i)
  const { fit = [], unfit = [] } = Object.groupBy(indexes, i => (refused.has(i) ? 'unfit' : 'fit'))
  return { fit: select(block, Int32Array.from(fit)), unfit: select(block, Int32Array.from(unfit)) }
}

const feeds = (receiver: string, { config }: Pipeline) => config.receivers.includes(receiver)
const isMissing = (kind: DeadLetter['kind'], id: string) =>
  new WeirError('COMPONENT_FAILED', `the running Weir has no ${kind} ${id}`)
