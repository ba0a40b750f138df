import plugin from '../../../processors/dedup/index.ts'
import type { Batch, Block, EventBlock, Origin, PointBlock } from '../../../sdk/plugin/index.ts'
import { sortAttributes } from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { made, ProcessorUnderTest, pointsOf, type TestPoint } from '../../processor-under-test.ts'

export const EPOCH = 1_700_000_000_000

/** A dedup processor as its host runs it: what came out, and how what went in was settled. */
export class Harness extends ProcessorUnderTest {
  /** Handles that came out. */
  readonly out: Batch[] = []

  constructor(config: Record<string, unknown>, now?: number) {
    const context = testContext('dedup')
    if (now !== undefined) context.clock.advance(now - context.clock.now())
    super(made(plugin, config), context)
    this.host.open()
  }

  /** Keeps what comes out in flight, until the test settles it. */
  hold(): this {
    this.onBatch = () => {}
    return this
  }

  send(block: Block, origin?: Origin): Promise<string> {
    return this.sendBlock(block, origin)
  }

  sendIds(...ids: (string | undefined)[]): Promise<string> {
    return this.send(eventsOf(ids))
  }

  /** What the last batch had, by event name or metric name. */
  get last(): Block {
    return this.out.at(-1)!.block
  }

  get lastIds(): readonly (string | undefined)[] {
    return (this.last as EventBlock).id
  }

  points(...points: TestPoint[]): PointBlock {
    return pointsOf(this.context, points, EPOCH, { name: 'm', temporality: 'cumulative' })
  }

  /** The next process, which knows only the bytes. */
  restarted(config: Record<string, unknown>): Harness {
    const fresh = new Harness(config, this.context.clock.now())
    fresh.processor.restore!(this.processor.snapshot!())
    return fresh
  }

  protected override record(batch: Batch): void {
    this.out.push(batch)
  }
}

export function eventsOf(
  ids: readonly (string | undefined)[],
  attributes: readonly Record<string, string | number>[] = []
): EventBlock {
  return {
    type: 'events',
    length: ids.length,
    time: new Float64Array(ids.length).fill(EPOCH),
    name: ids.map(() => 'e'),
    id: ids,
    attributes: ids.map((_, i) => sortAttributes(Object.entries(attributes[i] ?? {}))),
    value: new Float64Array(ids.length).fill(1)
  }
}
