import { EventBlockBuilder } from '../../core/model/event-builder.ts'
import { type Block, blockBytes, type Context, PointBlockBuilder } from '../../sdk/plugin/index.ts'
import type { StatsdParser } from './parser.ts'

// Datagrams that come within this time make one block: a datagram is a few lines, and a block costs as much as
// hundreds.
const GATHER_MS = 10
const BLOCK_POINTS = 4096
/** A block is sent when the lines of a usual datagram may find no room in it: to make room takes a copy. */
const FULL_AT_POINTS = BLOCK_POINTS - 256
/** Datagrams are parsed together: a tenth less time than one by one, with the socket's work between them. */
const READ_AT_ONCE_BYTES = 32 * 1024
/** Most memory of new series, and of events, that nobody has paid for yet. */
const MAX_UNPAID_BYTES = 2 ** 20

/** Makes blocks of datagrams, or of lines from connections. */
export class Gatherer {
  readonly #context: Context
  readonly #parser: StatsdParser
  readonly #send: (block: Block, bytes: number) => void
  #points = new PointBlockBuilder(BLOCK_POINTS)
  #events = new EventBlockBuilder()
  /** Datagrams that are not parsed yet, and their times of receipt, Unix ms. */
  #unread: Buffer[] = []
  #unreadTimes: number[] = []
  #unreadBytes = 0
  #cancelGather: (() => void) | undefined

  /** @param send given each block, and the bytes of memory that it and its new series take */
  constructor(context: Context, parser: StatsdParser, send: (block: Block, bytes: number) => void) {
    this.#context = context
    this.#parser = parser
    this.#send = send
  }

  /** @param lines whole ones */
  receive(lines: Buffer): void {
    const { clock } = this.#context
    this.#unread.push(lines)
    this.#unreadTimes.push(clock.now())
    this.#unreadBytes += lines.length
    if (this.#unreadBytes >= READ_AT_ONCE_BYTES) this.#read()
    this.#cancelGather ??= clock.setTimer(GATHER_MS, () => this.flush())
  }

  /** Sends the lines that came until now. */
  flush(): void {
    this.#cancelGather?.()
    this.#cancelGather = undefined
    this.#read()
    this.#endBlocks()
  }

  /** Parses the datagrams that came since the last time. */
  #read(): void {
    const unread = this.#unread
    const times = this.#unreadTimes
    this.#unread = []
    this.#unreadTimes = []
    this.#unreadBytes = 0
    for (let i = 0; i < unread.length; i++) {
      this.#parser.parse(unread[i], times[i], this.#points, this.#events)
      const unpaidBytes = this.#parser.newSeriesBytes + this.#events.bytes
      if (this.#points.length >= FULL_AT_POINTS || unpaidBytes >= MAX_UNPAID_BYTES) this.#endBlocks()
    }
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
