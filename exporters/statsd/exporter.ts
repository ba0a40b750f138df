import { itemsIn, type Range } from '../../core/model/ranges.ts'
import type { Block, Context, Explanation, Exporter, NamedSeries, PointBlock } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { headOf, LineWriter, type Reason, refusalOf } from './lines.ts'
import { Packets } from './packets.ts'
import { type Transport, transportTo } from './transport.ts'

/** Advice for reasons that a user can do something about. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['cumulative', 'put cumulative_to_delta in front: StatsD has increments only'],
  ['line_too_long', 'raise max_packet_size, or drop attributes']
])

interface Delivery {
  readonly packets: readonly Buffer[]
  readonly dropped: ReadonlyMap<string, readonly Range[]>
  /** Packets that the operating system has. */
  sent: number
}

/** StatsD has no replies: a packet counts as delivered once the operating system has it. */
export class StatsdExporter implements Exporter {
  readonly #config: Config
  readonly #context: Context
  readonly #writer: LineWriter
  readonly #transport: Transport
  readonly #packetsSent: { add(value: number): void }
  readonly #warned = new Set<string>()
  /** Blocks that are not wholly sent. */
  readonly #deliveries = new WeakMap<Block, Delivery>()

  constructor(config: Config, context: Context) {
    this.#config = config
    this.#context = context
    this.#writer = new LineWriter(config)
    this.#transport = transportTo(config)
    this.#packetsSent = context.instruments.counter('packets_total', 'Packets that the operating system has taken.')
  }

  explain(series: NamedSeries): Explanation {
    if (series.kind === 'event') return { fate: 'dropped', why: 'StatsD has no line for events' }
    const refusal = refusalOf(series)
    if (refusal !== undefined) return { fate: 'dropped', why: `${refusal}: ${remedyFor(refusal)}` }
    const { endpoint } = this.#config
    const { name, tags } = headOf(series.name, series.attributes, series.resource)
    return { fate: 'stored', why: `sent as StatsD to ${endpoint}`, places: [`${name}${tags}`] }
  }

  /** Tried again, it goes on with the packet that failed. */
  async export(block: Block, signal: AbortSignal): Promise<void> {
    if (block.type !== 'points') return
    const delivery = this.#deliveries.get(block) ?? this.#begin(block)
    while (delivery.sent < delivery.packets.length) {
      signal.throwIfAborted()
      await this.#transport.send(delivery.packets[delivery.sent], signal)
      delivery.sent++
      this.#packetsSent.add(1)
    }
    this.#deliveries.delete(block)
    this.#book(block, delivery.dropped)
  }

  async stop(): Promise<void> {
    this.#transport.close()
  }

  #begin(block: PointBlock): Delivery {
    const packets = new Packets(this.#config.max_packet_size)
    const dropped = new Map<string, Range[]>()
    const drop = (reason: Reason | 'line_too_long', i: number) => {
      const ranges = dropped.get(reason) ?? []
      dropped.set(reason, ranges)
      ranges.push({ from: i, to: i + 1 })
    }
    for (let i = 0; i < block.length; i++) {
      const lines = this.#writer.write(block, i)
      if (typeof lines === 'string') drop(lines, i)
      else if (!packets.add(lines)) drop('line_too_long', i)
    }
    this.#writer.endBlock()
    packets.finish()
    const delivery = { packets: packets.list, dropped, sent: 0 }
    this.#deliveries.set(block, delivery)
    return delivery
  }

  /** The sending queue books all of the block as sent. */
  #book(block: Block, dropped: Delivery['dropped']): void {
    const { account, log } = this.#context
    for (const [reason, ranges] of dropped) {
      const book = (items: number) => {
        account.sent -= items
        account.drop(reason, items)
      }
      account.book(block, book, ranges)
      if (this.#warned.has(reason)) continue
      this.#warned.add(reason)
      log.warn({ reason, points: itemsIn(ranges) }, `points that cannot be sent are dropped: ${remedyFor(reason)}`)
    }
  }
}

const remedyFor = (reason: string) => REMEDIES.get(reason) ?? 'StatsD has no line for them'
