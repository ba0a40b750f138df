import { AttributeDropper } from '../../core/model/attribute-dropper.ts'
import { Murmur3 } from '../../core/model/sketch/murmur3.ts'
import {
  CLIENT_ATTRIBUTES,
  type ClientNumber,
  clientNumberIn,
  clientNumberOfItem
} from '../../core/wire/otlp/client-number.ts'
import {
  type Attributes,
  type Block,
  type Explanation,
  type NamedSeries,
  NO_ATTRIBUTES,
  type Series,
  type SeriesTable
} from '../../sdk/plugin/index.ts'
import { ClientNumbers } from './client-numbers.ts'
import type { Config } from './config.ts'
import {
  type DedupRule,
  DUPLICATE,
  NEW,
  NOT_IDENTIFIED,
  OLD_EPOCH,
  PART,
  type RequestUnits,
  SeenUnits,
  TOO_OLD
} from './dedup-rule.ts'
import type { InFlightBatch } from './in-flight-batches.ts'

const VERDICTS = { new: NEW, seen: DUPLICATE, old_epoch: OLD_EPOCH, too_old: TOO_OLD }

/**
 * Mode `client_seq`: items with the same number of a client are duplicates. Items of one request may share a number.
 */
export class ClientSequences implements DedupRule {
  readonly key = new Uint32Array(4)
  readonly duplicateReason = 'duplicate'
  readonly serial = 0
  readonly lateness = 0
  #window: number
  #clients: ClientNumbers
  #dropper: AttributeDropper
  #hash = new Murmur3()
  #seen = new SeenUnits()
  #block: Block | undefined
  #current: InFlightBatch | undefined
  #now = 0
  /** The unit judged last in this batch: mostly there is one. */
  #lastUnit = ''
  #lastVerdict = NOT_IDENTIFIED
  #lastSeries: Series | undefined
  /** If the receiver has taken it off the items. */
  #ofRequest: ClientNumber | undefined

  constructor(config: Config, series: SeriesTable) {
    this.#window = config.window
    this.#clients = new ClientNumbers(config.max_reorder, config.max_sources)
    this.#dropper = new AttributeDropper(series, [...CLIENT_ATTRIBUTES])
  }

  get size(): number {
    return this.#clients.size
  }
  get bytes(): number {
    return this.#clients.bytes
  }
  get evicted(): number {
    return this.#clients.evicted
  }

  explain(series: NamedSeries): Explanation {
    const output = this.#dropper.named(series)
    const why =
      'an item whose number its client has used is dropped as duplicate; one without id, epoch and number of a client passes'
    if (output === series) return { fate: 'passes', why }
    return { fate: 'changes', why: `${why}. These attributes are taken off`, outputs: [output] }
  }

  begin(block: Block, inFlight: InFlightBatch, now: number): void {
    this.#clients.expire(now - this.#window)
    this.#block = block
    this.#current = inFlight
    this.#now = now
    this.#lastUnit = ''
    this.#lastSeries = undefined
    this.#ofRequest = clientNumberIn(inFlight.origin.request?.())
  }

  judge(i: number): number {
    const block = this.#block!
    if (this.#ofRequest !== undefined) return this.#judgeNumber(this.#ofRequest)
    if (block.type === 'events') return this.#judge(block.attributes[i], NO_ATTRIBUTES)
    const series = block.series.at(i)
    if (series === this.#lastSeries) return afterFirst(this.#lastVerdict)
    this.#lastSeries = series
    return this.#judge(series.attributes, series.resource.attributes)
  }

  end(): void {
    this.#block = this.#lastSeries = undefined
  }

  // The batch in flight takes back the numbers of a whole request.
  remove(): void {}

  dropAttributes(block: Block): Block {
    return this.#dropper.block(block)
  }

  save(): unknown {
    return this.#clients.save()
  }

  restore(saved: unknown): void {
    this.#clients.restore(saved)
  }

  #judge(attributes: Attributes, resource: Attributes): number {
    const number = clientNumberOfItem(attributes, resource)
    if (number !== undefined) return this.#judgeNumber(number)
    this.#lastUnit = ''
    return (this.#lastVerdict = NOT_IDENTIFIED)
  }

  #judgeNumber({ client, epoch, seq }: ClientNumber): number {
    const unit = `${epoch} ${seq} ${client}`
    if (unit === this.#lastUnit) return afterFirst(this.#lastVerdict)
    this.#lastUnit = unit
    this.#hash.reset().text(unit).finish(this.key)
    return (this.#lastVerdict = this.#judgeUnit(unit, client, epoch, seq))
  }

  #judgeUnit(unit: string, client: string, epoch: number, seq: number): number {
    const seen = this.#seen.begin(this.#current!.origin)
    if (seen.isTakenBack) return PART
    if (!seen.units.has(unit)) {
      const mark = this.#clients.mark(client, epoch, seq, this.#now)
      if (mark !== 'new') return VERDICTS[mark]
      seen.units.add(unit)
    }
    this.#takeBackIfRefused(seen, client, epoch, seq)
    return NEW
  }

  #takeBackIfRefused(seen: RequestUnits, client: string, epoch: number, seq: number): void {
    this.#current!.takeBack.push(() => {
      seen.isTakenBack = true
      this.#clients.unmark(client, epoch, seq)
    })
  }
}

const afterFirst = (verdict: number) => (verdict === NEW ? PART : verdict)
