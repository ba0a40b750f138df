import { fixed64Tag, lengthTag, ProtobufReader } from '../../core/wire/protobuf/reader.ts'

const TIME_SERIES = lengthTag(1)
const LABEL = lengthTag(1)
const SAMPLE = lengthTag(2)
const LABEL_NAME = lengthTag(1)
const LABEL_VALUE = lengthTag(2)
const SAMPLE_VALUE = fixed64Tag(1)
/** Names of the metrics that the load has begin so. Programs send others, such as `target_info`. */
const LOAD_NAME = 'shop'

interface SinkSeries {
  readonly isLoad: boolean
  readonly isWindow: boolean
  greatest: number
}

/** Sums of the samples that a sink was sent. */
export class SinkTotals {
  samples = 0
  /** Of samples with the label `window`: increments. */
  windows = 0
  /** Of all other samples. */
  values = 0
  /** By the bytes of all labels. */
  readonly #series = new Map<string, SinkSeries>()

  /** The sum of the greatest values of series without the label `window`: their totals, if they never reset. */
  get cumulative(): number {
    let sum = 0
    for (const { isLoad, isWindow, greatest } of this.#series.values()) if (isLoad && !isWindow) sum += greatest
    return sum
  }

  /** @param request an uncompressed WriteRequest, the labels of each series in front of its samples */
  add(request: Uint8Array): void {
    const reader = new ProtobufReader(Buffer.from(request.buffer, request.byteOffset, request.length))
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === TIME_SERIES) this.#addSeries(reader)
      else reader.skip(tag)
    }
  }

  #addSeries(reader: ProtobufReader): void {
    const outer = reader.enter()
    const series = this.#find(reader)
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === SAMPLE) this.#addSample(series, readSample(reader))
      else reader.skip(tag)
    }
    reader.leave(outer)
  }

  #addSample(series: SinkSeries, value: number): void {
    if (!series.isLoad) return
    this.samples++
    if (series.isWindow) this.windows += value
    else this.values += value
    series.greatest = Math.max(series.greatest, value)
  }

  /** Reads the labels. They are decoded only if they are new: there are millions of samples. */
  #find(reader: ProtobufReader): SinkSeries {
    const start = reader.at
    while (reader.at < reader.limit && reader.bytes[reader.at] === LABEL) reader.skip(reader.tag())
    const key = reader.bytes.toString('latin1', start, reader.at)
    let series = this.#series.get(key)
    if (series === undefined) {
      const labels = readLabels(new ProtobufReader(reader.bytes, start, reader.at))
      const isLoad = labels.get('__name__')?.startsWith(LOAD_NAME) === true
      this.#series.set(key, (series = { isLoad, isWindow: labels.has('window'), greatest: 0 }))
    }
    return series
  }
}

function readLabels(reader: ProtobufReader): Map<string, string> {
  const labels = new Map<string, string>()
  while (reader.at < reader.limit) {
    reader.tag()
    const outer = reader.enter()
    let name = ''
    let value = ''
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === LABEL_NAME) name = reader.text()
      else if (tag === LABEL_VALUE) value = reader.text()
      else reader.skip(tag)
    }
    reader.leave(outer)
    labels.set(name, value)
  }
  return labels
}

/** A sample without a value has 0, as proto3 leaves it out. */
function readSample(reader: ProtobufReader): number {
  const outer = reader.enter()
  let value = 0
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === SAMPLE_VALUE) value = reader.double()
    else reader.skip(tag)
  }
  reader.leave(outer)
  return value
}
