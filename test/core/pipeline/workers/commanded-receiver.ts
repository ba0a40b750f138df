import { workerData } from 'node:worker_threads'
import { Subject } from 'rxjs'
import type { Batch } from '../../../../core/batch/batch.ts'
import type { Outcome } from '../../../../core/batch/settlement.ts'
import { blockBytes } from '../../../../core/model/block.ts'
import { PointBlockBuilder } from '../../../../core/model/points.ts'
import type { Context } from '../../../../core/plugin/context.ts'
import type { Receiver, ReceiverPlugin } from '../../../../core/plugin/contract.ts'

/** To the receiver in the worker `thread`. */
export interface Command {
  readonly thread: number
  /** Sends one point of each of these series. */
  readonly send?: readonly string[]
  readonly request?: string
  readonly warn?: string
  readonly status?: 'ok' | 'degraded'
  readonly die?: boolean
}

/** From it: the outcome of a batch, with a text for an error. */
export interface Told {
  readonly thread: number
  readonly outcome: { readonly status: Outcome['status']; readonly text: string }
}

const METRIC = { name: 'm', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
export const CHANNEL = 'commanded-receiver'

/** A receiver that does as it is told by a channel, in each worker. */
class CommandedReceiver implements Receiver {
  readonly batches$ = new Subject<Batch>()
  snapshot: (() => Uint8Array) | undefined
  readonly #context: Context
  readonly #channel = new BroadcastChannel(CHANNEL)
  readonly #config: { readonly refuses?: boolean; readonly reports?: boolean; readonly snapshots?: boolean }
  readonly #sent: { add(value: number): void }

  constructor(config: object, context: Context) {
    this.#config = config
    this.#context = context
    if (this.#config.snapshots) this.snapshot = () => new Uint8Array()
    this.#sent = context.instruments.counter('blocks_total', 'Blocks sent.')
    this.#channel.onmessage = ({ data }: { data: Command }) => this.#obey(data)
  }

  async start(): Promise<void> {
    const { sharedPorts, announce, admin } = this.#context
    if (this.#config.refuses) throw new Error('it does not want to')
    if (this.#config.reports) admin.report('r', () => ({}))
    if (!sharedPorts!.has('a')) sharedPorts!.set('a', 40_000 + workerData.thread)
    announce(`commanded on ${sharedPorts!.get('a')}`)
  }

  async stop(): Promise<void> {
    this.batches$.complete()
    // It tells outcomes still.
    this.#channel.unref()
  }

  #obey({ thread, send, request, warn, status, die }: Command): void {
    if (thread !== workerData.thread) return
    if (warn !== undefined) this.#context.log.warn({ thread }, warn)
    if (status !== undefined) this.#context.status(status, 'as told')
    if (die) throw new Error('as told')
    if (send !== undefined) this.#send(send, request)
  }

  #send(names: readonly string[], request: string | undefined): void {
    const { series, credits } = this.#context
    const builder = new PointBlockBuilder()
    for (const name of names) builder.add(series.intern(METRIC, [['name', name]]), 1, 1)
    const block = builder.build()
    const permit = credits.tryTake(blockBytes(block))!
    const told = (outcome: Outcome) =>
      this.#channel.postMessage({
        thread: workerData.thread,
        outcome: { status: outcome.status, text: textOf(outcome) }
      } satisfies Told)
    this.#sent.add(1)
    this.batches$.next(this.#context.batch(block, permit, told, request === undefined ? undefined : () => request))
  }
}

function textOf(outcome: Outcome): string {
  if (outcome.status === 'nacked') return outcome.error.message
  return outcome.status === 'dropped' ? `${outcome.items} ${outcome.reason}` : ''
}

export const commanded: ReceiverPlugin<object> = {
  api: 2,
  kind: 'receiver',
  type: 'commanded',
  stability: 'development',
  description: 'For tests of workers.',
  ports: { out: 'points' },
  workers: 'each',
  schema: { type: 'object', properties: {} },
  create: (config, context) => new CommandedReceiver(config, context)
}
