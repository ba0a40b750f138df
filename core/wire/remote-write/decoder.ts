import { BadInputError } from '../../errors.ts'
import type { EventBlock } from '../../model/events.ts'
import { DEFAULT_LIMITS, type ItemLimits } from '../../model/item-limits.ts'
import { NewSeries } from '../../model/new-series.ts'
import { type PointBlock, PointBlockBuilder } from '../../model/points.ts'
import { select } from '../../model/select.ts'
import { UNKNOWN } from '../../model/series-table/key-table.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import { lengthTag, ProtobufReader } from '../protobuf/reader.ts'
import type { Rejections } from '../rejections.ts'
import { Symbols } from './symbols.ts'
import { type RemoteWriteVersion, TimeSeriesReader, type WriteRejection } from './time-series.ts'

// https://prometheus.io/docs/specs/prw/remote_write_spec/ and …/remote_write_spec_2_0/
// WriteRequest of 1.0: timeseries 1, metadata 3. Request of 2.0: symbols 4, timeseries 5.
const TIMESERIES = { '1.0': lengthTag(1), '2.0': lengthTag(5) }
const METADATA = lengthTag(3)
const SYMBOLS = lengthTag(4)

/** Usual bytes of a sample on the wire with its labels, which set the first size of the columns. */
const BYTES_PER_SAMPLE = 128

export interface DecodedWriteRequest {
  readonly block: PointBlock
  /** Samples, and native histograms, of the block. */
  readonly samples: number
  readonly histograms: number
  /** Exemplars of the request, and an event for each that can be taken. */
  readonly exemplars: { readonly count: number; readonly events: EventBlock }
  readonly rejections: Rejections<WriteRejection>
  /** Memory that series not known before take beside the block. */
  readonly newSeriesBytes: number
}

export interface WriteDecoderOptions {
  /** Limits the memory of a block, and of the new series of a request. */
  readonly maxBytes?: number
  readonly limits?: ItemLimits
}

/**
 * Decodes requests of remote write, 1.0 and 2.0, into columns. Exemplars become events. Metadata of 1.0 comes
 * at other times than samples, so it is passed over: the kind of a series must not depend on when that was.
 */
export class RemoteWriteDecoder {
  readonly #newSeries: NewSeries
  readonly #symbols = new Symbols()
  readonly #timeSeries: TimeSeriesReader

  constructor(table: SeriesTable, options: WriteDecoderOptions = {}) {
    const { maxBytes = Number.POSITIVE_INFINITY, limits = DEFAULT_LIMITS } = options
    this.#newSeries = new NewSeries(table, maxBytes)
    this.#timeSeries = new TimeSeriesReader(this.#newSeries, limits, maxBytes, this.#symbols)
  }

  /** Throws {@link BadInputError} if the body is not protobuf of this version, or too large. */
  decode(body: Buffer, version: RemoteWriteVersion): DecodedWriteRequest {
    const reader = new ProtobufReader(body)
    const builder = new PointBlockBuilder(Math.ceil(body.length / BYTES_PER_SAMPLE))
    this.#newSeries.bytes = 0
    this.#timeSeries.begin(version)
    this.#readSymbols(reader, version)
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === TIMESERIES[version]) this.#timeSeries.read(reader, builder)
      else reader.skip(tag)
    }
    const block = this.#build(reader, builder)
    const { samples, histograms, exemplars, rejections } = this.#timeSeries
    const { count } = exemplars
    const newSeriesBytes = this.#newSeries.bytes
    return { block, samples, histograms, exemplars: { count, events: exemplars.build() }, rejections, newSeriesBytes }
  }

  /** Reads all symbols of 2.0. A body without any field of this version is one of the other. */
  #readSymbols(reader: ProtobufReader, version: RemoteWriteVersion): void {
    const isSecond = version === '2.0'
    const other = isSecond ? SYMBOLS : METADATA
    let isKnown = reader.limit === 0
    this.#symbols.begin()
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      isKnown ||= tag === TIMESERIES[version] || tag === other
      if (isSecond && tag === SYMBOLS) this.#symbols.add(reader)
      else reader.skip(tag)
    }
    if (!isKnown)
      throw new BadInputError(
        `the body has no field of remote write ${version}: is its content-type that of its version?`
      )
    reader.at = 0
  }

  /** The block of all points that have a series. */
  #build(reader: ProtobufReader, builder: PointBlockBuilder): PointBlock {
    const block = builder.buildWith(this.#newSeries.table, ids => this.#timeSeries.finish(reader, ids))
    const { ids } = block.series
    if (!ids.includes(UNKNOWN)) return block
    const kept: number[] = []
    for (let i = 0; i < block.length; i++) if (ids[i] !== UNKNOWN) kept.push(i)
    return select(block, Int32Array.from(kept)) as PointBlock
  }
}
