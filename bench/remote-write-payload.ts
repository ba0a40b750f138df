import { compress } from '../core/wire/snappy.ts'
import { double, integer, message, text } from '../test/core/wire/protobuf/fields.ts'
import { POINTS_PER_BODY, seriesValue } from './otlp-payload.ts'

const METRICS = 10
const METHODS = ['GET', 'PUT', 'POST', 'DELETE']
/** From the end of a series, in which its sample is last. */
const VALUE_BEFORE_END = 15
const TIME_BEFORE_END = 6
const TIME_BYTES = 6

/** WriteRequest bodies of 1,000 cumulative counters with eight labels. Together they hold each series once. */
export function remoteWriteBodies(series: number, timeMs: number): RemoteWriteBody[] {
  if (series % POINTS_PER_BODY !== 0 || series === 0)
    throw new Error(`${series} series do not fill bodies: give a multiple of ${POINTS_PER_BODY}`)
  return Array.from(
    { length: series / POINTS_PER_BODY },
    (_, body) =>
      new RemoteWriteBody(
        Array.from({ length: POINTS_PER_BODY }, (_, i) => body * POINTS_PER_BODY + i),
        timeMs
      )
  )
}

/** One body, which is sent again and again with new times and values. */
export class RemoteWriteBody {
  readonly points = POINTS_PER_BODY
  readonly #ids: readonly number[]
  readonly #bytes: Buffer
  readonly #ends: number[] = []
  /** The sum of all series' {@link seriesValue}: what one stamp adds to all counters. */
  readonly #sum: number
  timeMs: number
  #stamps = 0

  constructor(ids: readonly number[], timeMs: number) {
    this.#ids = ids
    this.timeMs = timeMs
    this.#sum = ids.reduce((sum, id) => sum + seriesValue(id), 0)
    const series = ids.map(id => timeSeries(id, timeMs))
    let end = 0
    for (const { length } of series) this.#ends.push((end += length))
    this.#bytes = Buffer.concat(series)
  }

  /** The first one adds nothing: nobody knows when its counters began. */
  stamp(nowMs: number): number {
    this.timeMs = Math.max(nowMs, this.timeMs + 1)
    const time = integer(2, this.timeMs).subarray(-TIME_BYTES)
    this.#stamps++
    for (const [i, end] of this.#ends.entries()) {
      this.#bytes.writeDoubleLE(seriesValue(this.#ids[i]) * this.#stamps, end - VALUE_BEFORE_END)
      this.#bytes.set(time, end - TIME_BEFORE_END)
    }
    return this.#stamps === 1 ? 0 : this.#sum
  }

  unstamp(): void {
    this.#stamps--
  }

  renameUpTo(): void {}

  encoded(): Uint8Array {
    return compress(this.#bytes)
  }
}

function timeSeries(id: number, timeMs: number): Buffer {
  const labels = {
    __name__: `shop_requests_${id % METRICS}_total`,
    cloud_region: 'eu-central-1',
    http_method: METHODS[id % METHODS.length],
    http_route: `/api/v2/items/${id % 40}`,
    http_status_code: String(200 + (id % 6)),
    instance: 'pod-4711:9090',
    job: 'checkout',
    partition: `p${id}`
  }
  const pairs = Object.entries(labels).map(([name, value]) => message(1, text(1, name), text(2, value)))
  return message(1, ...pairs, message(2, double(1, 0), integer(2, timeMs)))
}
