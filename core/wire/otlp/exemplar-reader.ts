import { readKeyValue } from '../../model/any-value.ts'
import type { Attribute } from '../../model/attributes.ts'
import type { ItemLimits } from '../../model/item-limits.ts'
import type { PointBlock } from '../../model/points.ts'
import { UNKNOWN } from '../../model/series-table/key-table.ts'
import type { Series } from '../../model/series-table/series-table.ts'
import { fixed64Tag, lengthTag, ProtobufReader } from '../protobuf/reader.ts'
import { type DecodedExemplars, type Exemplar, ExemplarEvents, NO_EXEMPLARS } from './exemplar-events.ts'
import { readTime } from './point-fields.ts'

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
// Exemplar: time_unix_nano 2 (fixed64), as_double 3, span_id 4, trace_id 5, as_int 6 (sfixed64),
//   filtered_attributes 7.
const TIME = fixed64Tag(2)
const AS_DOUBLE = fixed64Tag(3)
const SPAN_ID = lengthTag(4)
const TRACE_ID = lengthTag(5)
const AS_INT = fixed64Tag(6)
const FILTERED_ATTRIBUTES = lengthTag(7)

/** Exemplars of one body that become events. Two bytes can be one, so further ones are only counted. */
const MOST_EXEMPLARS = 65_536

/** Notes where exemplars stand in a body, and reads them once the series of its points are known. */
export class ExemplarReader {
  readonly #limits: ItemLimits
  readonly #maxBytes: number
  #count = 0
  #rows: number[] = []
  /** Two numbers for each, the begin of its length and its end. */
  #spans: number[] = []

  constructor(limits: ItemLimits, maxBytes: number) {
    this.#limits = limits
    this.#maxBytes = maxBytes
  }

  /** Begins a body. */
  begin(): void {
    this.#count = 0
    this.#rows = []
    this.#spans = []
  }

  /** @param row of their point @param spans as `PointFields.exemplars` */
  add(row: number, spans: readonly number[]): void {
    for (let i = 0; i < spans.length; i += 2) {
      this.#count++
      if (this.#rows.length === MOST_EXEMPLARS) continue
      this.#rows.push(row)
      this.#spans.push(spans[i], spans[i + 1])
    }
  }

  /**
   * @param block of all points, by row; those without a series have {@link UNKNOWN}
   * @param areWanted whether to read them, and not only to count them
   */
  read(body: Buffer, block: PointBlock, areWanted: boolean): DecodedExemplars {
    if (this.#count === 0) return NO_EXEMPLARS
    if (!areWanted) return { ...NO_EXEMPLARS, count: this.#count }
    const events = new ExemplarEvents(this.#limits, this.#maxBytes)
    let series: Series | undefined
    for (const [i, row] of this.#rows.entries()) {
      const id = block.series.ids[row]
      if (id === UNKNOWN) continue
      if (row !== this.#rows[i - 1] || series === undefined) series = block.series.at(row)
      const exemplar = readExemplar(new ProtobufReader(body, this.#spans[2 * i], this.#spans[2 * i + 1]))
      events.add(series, block.distributions.get(row), block.time[row], exemplar)
    }
    return { count: this.#count, events: events.build() }
  }
}

function readExemplar(reader: ProtobufReader): Exemplar {
  const attributes: Attribute[] = []
  const exemplar: Exemplar = { time: 0, value: 0, traceId: '', spanId: '', attributes }
  reader.enter()
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === TIME) exemplar.time = readTime(reader)
    else if (tag === AS_DOUBLE) exemplar.value = reader.double()
    else if (tag === AS_INT) exemplar.value = Number(reader.view.getBigInt64(reader.take(8), true))
    else if (tag === SPAN_ID) exemplar.spanId = reader.blob().toString('hex')
    else if (tag === TRACE_ID) exemplar.traceId = reader.blob().toString('hex')
    else if (tag === FILTERED_ATTRIBUTES) attributes.push(readKeyValue(reader, 0))
    else reader.skip(tag)
  }
  return exemplar
}
