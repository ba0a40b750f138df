import { type IdHolder, IdLifetimes, type Lease } from '../../model/series-table/id-lifetimes.ts'
import type { KeyBytes } from '../../model/series-table/key-records.ts'
import { UNKNOWN } from '../../model/series-table/key-table.ts'
import { SeriesKeys } from '../../model/series-table/series-keys.ts'
import type { Series, SeriesTable } from '../../model/series-table/series-table.ts'
import { KeyCursor } from '../../model/series-table/stored-key.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import type { Labels } from '../prometheus/labels.ts'
import type { LabelSetIds } from '../prometheus/number-streams.ts'
import type { TranslationStrategy } from '../prometheus/translation-strategy.ts'
import { ProtobufWriter } from '../protobuf/writer.ts'
import { ComposedLabels } from './composed-labels.ts'
import { ReceivedPatterns } from './received-patterns.ts'
import { type EncodedLabelSets, encodeLabels } from './write-request.ts'

/** All label sets have this one. */
const CONTEXT = 0
/**
 * A label set that nothing has been translated to for so many epochs goes, if no state has its id. Translators have ids as
 * long as series are in their table, which is long enough.
 */
const IDLE_EPOCHS = 1

// Ids of both ways to have labels are dense: those of labels that are kept are even, those of composed ones odd.
const keptId = (id: number) => 2 * id
const composedId = (series: number) => 2 * series + 1
const isKept = (id: number) => id % 2 === 0
const ownId = (id: number) => id >>> 1

/**
 * Encoded labels, with one id for each label set. Series that differ only in facts that become no label, as those of
 * replicas without `service.instance.id` do, are one series to the store.
 */
export class LabelSets implements LabelSetIds, EncodedLabelSets {
  readonly #keys = new SeriesKeys()
  readonly #lifetimes = new IdLifetimes(this.#keys.table, id => this.#keys.release(id))
  readonly #key = new KeyCursor()
  readonly #table: SeriesTable
  readonly #composed: ComposedLabels
  readonly #received: ReceivedPatterns
  readonly #writer = new ProtobufWriter()
  readonly #relabel: (series: number, id: number) => void
  /** By whoever holds ids: the holder of those that are kept. */
  readonly #holders = new WeakMap<IdHolder, IdHolder>()

  /**
   * @param table of the series
   * @param relabel told the new id of a series' label set. Until the series goes, the earlier one means the same
   */
  constructor(table: SeriesTable, strategy: TranslationStrategy, relabel: (series: number, id: number) => void) {
    this.#table = table
    this.#composed = new ComposedLabels(table, strategy, labels => this.#hashOf(labels))
    this.#received = new ReceivedPatterns(strategy)
    this.#relabel = relabel
  }

  /**
   * @param isDerived true if the labels are those of a derived series: they are kept in parts, if they are new
   * @param series the one whose only label set this is: it need not be kept if it is derived
   */
  idOf(labels: Labels, isDerived = false, series?: Series, isPattern = false): number {
    const encoded = encodeLabels(labels)
    const key = {
      view: new DataView(encoded.buffer, encoded.byteOffset, encoded.length),
      start: 0,
      end: encoded.length
    }
    if (series === undefined) return this.#idOfEncoded(key, isDerived)
    if (isDerived)
      return this.#idOfEncoded(key, true, series.id, () => this.#composed.add(series, labels, key, isPattern))
    const context = this.#table.context(this.#table.contextIdOf(series.id))
    if (isPattern) this.#received.add(context, series.attributes, this.#table.keyOf(series.id, this.#key), labels)
    return this.#idOfEncoded(key, false)
  }

  idLike(series: number): number {
    const table = this.#table
    if (table.originOf(series) === 'received') {
      const writer = this.#writer
      writer.reset()
      const context = table.context(table.contextIdOf(series))
      const isLike = this.#received.write(context, table.keyOf(series, this.#key), writer)
      return isLike ? this.#idOfEncoded({ view: writer.room(0), start: 0, end: writer.length }, false) : UNKNOWN
    }
    const isKept = (labels: KeyBytes, hash: number) => this.#findKept(labels, hash) !== UNKNOWN
    return this.#composed.addLike(series, isKept) ? composedId(series) : UNKNOWN
  }

  write(id: number, writer: ProtobufWriter): void {
    if (!isKept(id)) return void this.#composed.write(ownId(id), writer)
    const { view, start, end } = this.#keys.of(ownId(id), this.#key)
    writer.copy(view, start, end)
  }

  /** To be kept with ids as long as they are used, with the series that they are of, if no {@link addHolder holder} has them. */
  get lease(): Lease {
    return this.#lifetimes.lease
  }

  /** Held weakly. */
  addHolder(holder: IdHolder): void {
    const ofKept: IdHolder = {
      // Composed labels stay with their series.
      holdIds: hold =>
        holder.holdIds(id => {
          if (isKept(id)) hold(ownId(id))
        })
    }
    this.#holders.set(holder, ofKept)
    this.#lifetimes.addHolder(ofKept)
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return this.#keys.bytes + this.#lifetimes.bytes + this.#composed.bytes
  }

  /** Removes label sets that nobody uses any more. */
  *expireIdle(): Stepwise<void> {
    yield* this.#lifetimes.expire(IDLE_EPOCHS, () => false)
    yield* this.#keys.reclaim()
  }

  /** @param compose makes labels that nobody has those of `series`, if they can be composed */
  #idOfEncoded(key: KeyBytes, isDerived: boolean, series = UNKNOWN, compose = () => false): number {
    const hash = this.#hashOf(key)
    const kept = this.#findKept(key, hash)
    if (kept !== UNKNOWN) return keptId(kept)
    const other = this.#composed.find(key, hash)
    if (other !== UNKNOWN ? other === series : compose()) return composedId(series)
    const id = keptId(this.#keep(key, isDerived))
    // Its series may go before this one. Labels that are kept are found first, for as long as anybody has their id.
    if (other !== UNKNOWN) this.#relabel(other, id)
    return id
  }

  #findKept({ view, start, end }: KeyBytes, hash: number): number {
    return this.#keys.mayKeep(hash) ? this.#keys.find(CONTEXT, view, start, end) : UNKNOWN
  }

  #hashOf({ view, start, end }: KeyBytes): number {
    return this.#keys.table.hashOf(CONTEXT, view, start, end)
  }

  #keep({ view, end }: KeyBytes, isDerived: boolean): number {
    const id = isDerived ? this.#keys.idInParts(CONTEXT, view, 0, end) : this.#keys.addWhole(CONTEXT, view, 0, end)
    if (id === UNKNOWN) throw new RangeError(`a series has ${end} bytes of labels, which is too many`)
    return id
  }
}
