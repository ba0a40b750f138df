import { TestScheduler } from 'rxjs/testing'
import type { Block } from '../../core/model/block.ts'
import type { ProcessorHarness } from './processor-harness.ts'

/**
 * Runs a marble test on a processor's clock: gives it `input`, and returns the times (ms from the beginning) and names of
 * the blocks that come out until `lastMs` after the last. In RxJS's notation of `TestScheduler.run`: a character is 1 ms,
 * `-` nothing, a letter the block of that name, `a 9ms b` time in between, `|` the end of the stream.
 *
 * @param nameOf the name to show for a block that came out
 */
export async function marbles(
  harness: ProcessorHarness,
  input: string,
  blocks: Readonly<Record<string, Block>>,
  nameOf: (block: Block) => string,
  lastMs = 10_000
): Promise<[ms: number, name: string][]> {
  const { clock } = harness.context
  const begun = clock.now()
  const out: [number, string][] = []
  let seen = 0
  const look = () => {
    for (; seen < harness.sent.length; seen++) out.push([clock.now() - begun, nameOf(harness.sent[seen].block)])
  }
  /** A millisecond at a time, or emissions in between would be told late. */
  const advanceTo = async (ms: number) => {
    while (clock.now() - begun < ms) {
      const next = Math.min(ms, Math.max(clock.now() - begun + 1, clock.nextTimer - begun))
      await harness.advance(next - (clock.now() - begun))
      look()
    }
  }
  for (const { frame, notification } of parse(input, blocks)) {
    await advanceTo(frame)
    if (notification.kind === 'N') void harness.send(notification.value)
    else if (notification.kind === 'C') void harness.finish()
    else throw new Error(`a source has no errors ("#" at ${frame} ms): its host hands batches back instead`)
    await harness.advance(0)
    look()
  }
  await advanceTo(clock.now() - begun + lastMs)
  return out
}

/** A frame is 10 ms unless told, except if times are written out. */
function parse(input: string, blocks: Readonly<Record<string, Block>>): ReturnType<typeof TestScheduler.parseMarbles> {
  const { frameTimeFactor } = TestScheduler
  TestScheduler.frameTimeFactor = 1
  try {
    return TestScheduler.parseMarbles(input, blocks, undefined, false, true)
  } finally {
    TestScheduler.frameTimeFactor = frameTimeFactor
  }
}
