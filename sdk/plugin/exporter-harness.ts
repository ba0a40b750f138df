import { LANE_SCHEMA, type LaneConfig } from '../../core/config/exporter-options.ts'
import { applySchema } from '../../core/config/schema.ts'
import type { Block } from '../../core/model/block.ts'
import { Batch, type Outcome } from '../../core/pipeline/batch.ts'
import { Lane } from '../../core/pipeline/lane/lane.ts'
import type { Exporter } from '../../core/plugin/contract.ts'
import { advanceInTurns, type TestContext } from './test-context.ts'

const TIMEOUT_MS = 10_000

/** An exporter behind the sending queue that its host gives it: with retries, timeouts and what is refused for good. */
export class ExporterHarness {
  readonly context: TestContext
  readonly exporter: Exporter
  #lane: Lane

  /** @param queue options that every exporter has, as users write them: `{ retry: { initial_interval: '1s' } }` */
  constructor(exporter: Exporter, context: TestContext, queue: Record<string, unknown> = {}) {
    const { value, errors } = applySchema(LANE_SCHEMA, queue)
    if (errors.length > 0) throw new Error(errors.map(error => `${error.instancePath} ${error.message}`).join('; '))
    this.exporter = exporter
    this.context = context
    this.#lane = new Lane(exporter, value as LaneConfig, { ...context, deadLetters: undefined })
  }

  async start(): Promise<this> {
    await this.exporter.start?.(AbortSignal.timeout(TIMEOUT_MS))
    this.#lane.start()
    return this
  }

  /** Resolves to how the batch of `block` was settled: taken, dropped with a reason, or handed back at the stop. */
  send(block: Block): Promise<Outcome> {
    return new Promise(resolve => this.#lane.push(Batch.of({ source: 'test' }, block, resolve)))
  }

  /** Moves the clock by `ms`, from timer to timer; attempts have their turn in between. */
  advance(ms: number): Promise<void> {
    return advanceInTurns(this.context.clock, ms)
  }

  /** What is left goes back once `deadline` fires. */
  async stop(deadline: AbortSignal = AbortSignal.timeout(TIMEOUT_MS)): Promise<void> {
    await this.#lane.close(deadline)
    await this.exporter.stop?.(deadline)
  }
}
