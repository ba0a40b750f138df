import { BadInputError } from '../../errors.ts'
import type { ItemLimits } from '../../model/item-limits.ts'
import type { NewSeries } from '../../model/new-series.ts'
import { FLAG_NO_RECORDED_VALUE, type PointBlockBuilder } from '../../model/points.ts'
import { checkSize } from '../decoded-size.ts'
import { FieldSpan } from '../otlp/field-span.ts'
import { LABEL_FLAWS, type LabelFlaw, type SeriesContent } from '../prometheus/label-set-series.ts'
import { HISTOGRAM_FLAWS, type HistogramFlaw, NativeHistogram } from '../prometheus/native-histogram.ts'
import { lengthTag, type ProtobufReader, varintTag } from '../protobuf/reader.ts'
import { Rejections } from '../rejections.ts'
import { ExemplarReader } from './exemplars.ts'
import { readNativeHistogram } from './histogram-reader.ts'
import { LabelSetFinder, mostLabelBytes } from './label-set-finder.ts'
import { labelsIn } from './labels.ts'
import { readMs, SampleReader } from './samples.ts'
import type { Symbols } from './symbols.ts'

// TimeSeries of 1.0: labels 1, samples 2, exemplars 3, histograms 4. Of 2.0: labels_refs 1, samples 2, histograms 3,
// exemplars 4, metadata 5, created_timestamp 6. Metadata: type 1.
const LABELS = lengthTag(1)
const UNPACKED_REFS = varintTag(1)
const SAMPLES = lengthTag(2)
const HISTOGRAMS = { '1.0': lengthTag(4), '2.0': lengthTag(3) }
const EXEMPLARS = { '1.0': lengthTag(3), '2.0': lengthTag(4) }
const METADATA = lengthTag(5)
const CREATED_TIMESTAMP = varintTag(6)
const METADATA_TYPE = varintTag(1)
const LAST_TYPE = 7

/** Labels of 2.0 are made of symbols so many bytes at a time. */
const LABEL_BATCH_BYTES = 256 * 1024

const REJECTION_TEXTS = { ...LABEL_FLAWS, ...HISTOGRAM_FLAWS }
export type WriteRejection = LabelFlaw | HistogramFlaw
export type RemoteWriteVersion = '1.0' | '2.0'

/** Reads TimeSeries of one request at a time into rows, and finds their series. */
export class TimeSeriesReader {
  samples = 0
  histograms = 0
  readonly exemplars: ExemplarReader
  rejections = new Rejections<WriteRejection>(REJECTION_TEXTS)
  readonly #finder: LabelSetFinder
  readonly #symbols: Symbols
  readonly #maxBytes: number
  readonly #mostLabelBytes: number
  readonly #labels = new FieldSpan()
  readonly #histogram = new NativeHistogram()
  readonly #sampleReader = new SampleReader()
  #version: RemoteWriteVersion = '1.0'
  /** Rows whose label sets have been added. */
  #rows = 0
  /** Bytes of labels that were made of symbols. */
  #madeBytes = 0
  #type = 0
  #created = 0
  #labelsStart = 0
  #labelsEnd = 0
  #flaw: LabelFlaw | undefined

  constructor(newSeries: NewSeries, limits: ItemLimits, maxBytes: number, symbols: Symbols) {
    this.#finder = new LabelSetFinder(newSeries, limits)
    this.#mostLabelBytes = mostLabelBytes(limits)
    this.#maxBytes = maxBytes
    this.#symbols = symbols
    this.exemplars = new ExemplarReader(limits, maxBytes, symbols)
  }

  /** Begins a request. */
  begin(version: RemoteWriteVersion): void {
    this.#version = version
    this.samples = this.histograms = 0
    this.exemplars.begin(version === '2.0')
    this.rejections = new Rejections<WriteRejection>(REJECTION_TEXTS)
    this.#rows = this.#madeBytes = 0
    this.#finder.begin()
  }

  /** Reads the TimeSeries ahead, whose tag was read. */
  read(reader: ProtobufReader, builder: PointBlockBuilder): void {
    const outer = reader.enter()
    const start = reader.at
    this.#readHeader(reader)
    const standApart = this.#version === '1.0' && this.#labels.view !== reader.view
    if (standApart) this.#findBatch(reader)
    // Labels that stand in front need no second look.
    reader.at = this.#labels.start === start && !standApart ? this.#labels.end : start
    this.#readPoints(reader, builder)
    reader.leave(outer)
    if (standApart) this.#finder.findBatch(this.#labels.bytes, this.#labels.view, this.#refuse)
    else if (this.#symbols.labelBytes > LABEL_BATCH_BYTES) this.#findBatch(reader)
  }

  /** Fills `ids` with the ids of all rows' series. */
  finish(reader: ProtobufReader, ids: Uint32Array): void {
    this.#findBatch(reader)
    this.#finder.copyIds(ids)
  }

  /** Fields that concern all points of the series, and may stand behind them. */
  #readHeader(reader: ProtobufReader): void {
    const isFirst = this.#version === '1.0'
    this.#type = this.#created = 0
    this.#flaw = undefined
    this.#labels.begin(reader)
    if (isFirst) this.#passLabels(reader)
    else this.#symbols.beginRefs()
    while (reader.at < reader.limit) {
      const from = reader.at
      const tag = reader.tag()
      if (isFirst && tag === LABELS) {
        reader.skip(tag)
        this.#labels.add(reader, from)
      } else if (!isFirst && (tag === LABELS || tag === UNPACKED_REFS)) this.#symbols.readRefs(reader, tag)
      else if (!isFirst && tag === METADATA) this.#readMetadata(reader)
      else if (!isFirst && tag === CREATED_TIMESTAMP) this.#created = readMs(reader)
      else reader.skip(tag)
    }
    if (!isFirst) return this.#makeLabels(reader)
    this.#labelsStart = this.#labels.start
    this.#labelsEnd = this.#labels.end
  }

  /** Labels of 1.0 stand in front, each with a size of one byte: nearly all of the header. */
  #passLabels(reader: ProtobufReader): void {
    const { bytes, limit } = reader
    let at = reader.at
    for (let end = at; bytes[at] === LABELS && bytes[at + 1] < 0x80; at = end) {
      end = at + 2 + bytes[at + 1]
      if (end > limit) break
    }
    this.#labels.end = reader.at = at
  }

  /** A few bytes of refs may stand for labels of any length. So the length is known before any are made. */
  #makeLabels(reader: ProtobufReader): void {
    const bytes = this.#symbols.measureLabels()
    if (bytes > this.#mostLabelBytes) {
      this.#flaw = 'identity_too_long'
      return
    }
    this.#madeBytes += bytes
    if (this.#madeBytes > this.#maxBytes)
      throw new BadInputError(
        `the labels of this request take more than ${this.#maxBytes} bytes: send less at once, or raise service.limits.in_flight`,
        'too_large'
      )
    this.#labelsStart = this.#symbols.labelBytes
    this.#symbols.writeLabels(reader)
    this.#labelsEnd = this.#symbols.labelBytes
  }

  #readMetadata(reader: ProtobufReader): void {
    const outer = reader.enter()
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === METADATA_TYPE) this.#type = Math.min(reader.varint(), LAST_TYPE + 1) % (LAST_TYPE + 1)
      else reader.skip(tag)
    }
    reader.leave(outer)
  }

  #readPoints(reader: ProtobufReader, builder: PointBlockBuilder): void {
    let content: SeriesContent = 'number'
    let hasExemplars = false
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === SAMPLES) {
        if (content !== 'number') this.#endRows(content, builder)
        content = 'number'
        this.#sampleReader.read(reader, builder, this.#created)
        this.samples++
      } else if (tag === HISTOGRAMS[this.#version]) content = this.#readHistogram(reader, builder, content)
      else if (tag === EXEMPLARS[this.#version]) {
        if (!hasExemplars) this.exemplars.beginSeries(this.#labelTexts())
        hasExemplars = true
        this.exemplars.read(reader)
      } else reader.skip(tag)
    }
    this.#endRows(content, builder)
  }

  #labelTexts(): readonly [string, string][] | undefined {
    const bytes = this.#version === '1.0' ? this.#labels.bytes : this.#symbols.labels
    const isTooLong = this.#flaw !== undefined || this.#labelsEnd - this.#labelsStart > this.#mostLabelBytes
    return isTooLong ? undefined : labelsIn(bytes, this.#labelsStart, this.#labelsEnd)
  }

  /** @param content of the rows before; returns that of the histogram */
  #readHistogram(reader: ProtobufReader, builder: PointBlockBuilder, content: SeriesContent): SeriesContent {
    const outer = reader.enter()
    checkSize(builder, reader.limit - reader.at, this.#maxBytes)
    const histogram = this.#histogram
    readNativeHistogram(reader, histogram)
    reader.leave(outer)
    const distribution = histogram.distribution()
    if (typeof distribution === 'string') {
      this.rejections.add(distribution, 1, '')
      return content
    }
    if (distribution.kind !== content) this.#endRows(content, builder)
    const flags = histogram.isStale ? FLAG_NO_RECORDED_VALUE : 0
    builder.addUnnamedDistribution(histogram.time, distribution, histogram.start || this.#created, flags)
    this.histograms++
    return distribution.kind
  }

  /** The rows that have been added since the last call are of the series at hand. */
  #endRows(content: SeriesContent, { length }: PointBlockBuilder): void {
    if (length === this.#rows) return
    this.#rows = length
    if (this.#flaw !== undefined) this.#finder.addFlaw(this.#flaw, content, length)
    else this.#finder.add(this.#type, content, this.#labelsStart, this.#labelsEnd, length)
  }

  #findBatch(reader: ProtobufReader): void {
    if (this.#version === '1.0') this.#finder.findBatch(reader.bytes, reader.view, this.#refuse)
    else {
      const { labels } = this.#symbols
      this.#finder.findBatch(labels, new DataView(labels.buffer, labels.byteOffset, labels.length), this.#refuse)
      this.#symbols.clear()
    }
  }

  #refuse = (flaw: LabelFlaw, rows: number, content: SeriesContent, name: string) => {
    this.rejections.add(flaw, rows, name)
    if (content === 'number') this.samples -= rows
    else this.histograms -= rows
  }
}
