import { Batch, type Outcome } from '../../core/batch/batch.ts'
import { SENDING_QUEUE_SCHEMA, type SendingQueueConfig } from '../../core/config/exporter-options.ts'
import { applySchema } from '../../core/config/schema.ts'
import type { Block } from '../../core/model/block.ts'
import { SendingQueue } from '../../core/pipeline/sending-queue/sending-queue.ts'
import type { Exporter } from '../../core/plugin/contract.ts'
import { Edges } from '../../core/telemetry/edge.ts'
import { advanceInTurns, type TestContext } from './test-context.ts'

const TIMEOUT_MS = 10_000

/** An exporter behind the sending queue that its host gives it: with retries, timeouts and dead letters. */
export class ExporterHarness {
  readonly context: TestContext
  readonly exporter: Exporter
  #sendingQueue: SendingQueue

  /** @param queue options that every exporter has, as users write them: `{ retry: { initial_interval: '1s' } }` */
  constructor(exporter: Exporter, context: TestContext, queue: Record<string, unknown> = {}) {
    const { value, errors } = applySchema(SENDING_QUEUE_SCHEMA, queue)
    if (errors.length > 0) throw new Error(errors.map(error => `${error.instancePath} ${error.message}`).join('; '))
    this.exporter = exporter
    this.context = context
    this.#sendingQueue = new SendingQueue(exporter, value as SendingQueueConfig, {
      ...context,
      deadLetters: undefined,
      edges: new Edges()
    })
  }

  async start(): Promise<this> {
    await this.exporter.start?.(AbortSignal.timeout(TIMEOUT_MS))
    this.#sendingQueue.start()
    return this
  }

  /** Resolves to how the batch of `block` was settled: taken, dropped with a reason, or nacked at the stop. */
  send(block: Block): Promise<Outcome> {
    return new Promise(resolve => this.#sendingQueue.push(Batch.of({ source: 'test' }, block, resolve)))
  }

  /** Moves the clock by `ms`, from timer to timer; attempts have their turn in between. */
  advance(ms: number): Promise<void> {
    return advanceInTurns(this.context.clock, ms)
  }

  /** Nacks the rest once `deadline` fires. */
  async stop(deadline: AbortSignal = AbortSignal.timeout(TIMEOUT_MS)): Promise<void> {
    await this.#sendingQueue.close(deadline)
    await this.exporter.stop?.(deadline)
  }
}
