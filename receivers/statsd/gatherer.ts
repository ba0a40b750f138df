import { EventBlockBuilder } from '../../core/model/event-builder.ts'
import { type Block, blockBytes, type Context, PointBlockBuilder } from '../../sdk/plugin/index.ts'
import type { StatsdParser } from './parser.ts'

// Datagrams that come within this time make one block: a datagram is a few lines, and a block costs as much as
// hundreds.
const GATHER_MS = 10
const BLOCK_POINTS = 4096
/** A block is sent when the lines of a usual datagram may find no room in it: to make room takes a copy. */
const FULL_AT_POINTS = BLOCK_POINTS - 256
/** Most memory of new series, and of events, that nobody has paid for yet. */
const MAX_UNPAID_BYTES = 2 ** 20

/** Makes blocks of datagrams, or of lines from connections. */
export class Gatherer {
  readonly #context: Context
  readonly #parser: StatsdParser
  readonly #send: (block: Block, bytes: number) => void
  #points = new PointBlockBuilder(BLOCK_POINTS)
  #events = new EventBlockBuilder()
  #cancelGather: (() => void) | undefined

  /** @param send given each block, and the bytes of memory that it and its new series take */
  constructor(context: Context, parser: StatsdParser, send: (block: Block, bytes: number) => void) {
    this.#context = context
    this.#parser = parser
    this.#send = send
  }

  /** Takes whole lines: `bytes` from `start` to `end`. */
  receive(bytes: Buffer, start = 0, end = bytes.length): void {
    const { clock } = this.#context
    this.#parser.parse(bytes, clock.now(), this.#points, this.#events, start, end)
    const unpaidBytes = this.#parser.newSeriesBytes + this.#events.bytes
    if (this.#points.length >= FULL_AT_POINTS || unpaidBytes >= MAX_UNPAID_BYTES) this.#endBlocks()
    this.#cancelGather ??= clock.setTimer(GATHER_MS, () => this.flush())
  }

  /** Sends the lines that came until now. */
  flush(): void {
    this.#cancelGather?.()
    this.#cancelGather = undefined
    this.#endBlocks()
  }

  #endBlocks(): void {
    this.#endPoints()
    this.#endEvents()
  }

  #endPoints(): void {
    if (this.#points.length === 0) return
    const block = this.#points.build()
    this.#points = new PointBlockBuilder(BLOCK_POINTS)
    const bytes = blockBytes(block) + this.#parser.newSeriesBytes
    this.#parser.resetNewSeries()
    this.#send(block, bytes)
  }

  #endEvents(): void {
    if (this.#events.length === 0) return
    const block = this.#events.build()
    this.#events = new EventBlockBuilder()
    this.#send(block, blockBytes(block))
  }
}
