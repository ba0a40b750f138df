import { attribute, fixed64, integer, message, text } from '../test/core/wire/protobuf/fields.ts'

export const POINTS_PER_BODY = 1000
const METRICS = 10
const POINTS_PER_METRIC = POINTS_PER_BODY / METRICS
const INTERVAL_MS = 10_000
const METHODS = ['GET', 'PUT', 'POST', 'DELETE']
/** Points whose ids differ by this have the same bytes, but for the partition. */
const DISTINCT_POINTS = 360
/** `start_time_unix_nano`, the first field of a point. */
const START_TAG = 0x11
/** Offsets from there, after the tag of each of the first three fields. */
const START_AT = 1
const TIME_AT = 10
const VALUE_AT = 19
/** Digits of a partition, with base 36: all points of a metric are of the same size, and can be renamed in place. */
const PARTITION_DIGITS = 4
const MAX_PARTITIONS = 36 ** PARTITION_DIGITS

export type Temporality = 'delta' | 'cumulative'

export interface OtlpLoad {
  /** Distinct series over all bodies, a multiple of 1,000; series `id` belongs to metric `id % 10`. */
  readonly series: number
  /** Time of the points before the first {@link OtlpBody.stamp}, Unix ms. */
  readonly timeMs: number
  /** `delta` unless given. */
  readonly temporality?: Temporality
  /** 0 or not given: in the order of ids. Each other seed has a random order of its own. */
  readonly orderSeed?: number
}

/** The value of series `id` in every delta point, and in the first cumulative one. */
export const seriesValue = (id: number) => 1 + (id % 9)

/** ExportMetricsServiceRequest bodies of 1,000 sums with four attributes a point. Together they hold each series once. */
export function otlpBodies({ series, timeMs, temporality = 'delta', orderSeed = 0 }: OtlpLoad): OtlpBody[] {
  if (series % POINTS_PER_BODY !== 0 || series === 0)
    throw new Error(`${series} series do not fill bodies: give a multiple of ${POINTS_PER_BODY}`)
  const partitions = series / METRICS
  const orders = Array.from({ length: METRICS }, (_, metric) => orderOf(partitions, orderSeed && orderSeed + metric))
  return Array.from({ length: series / POINTS_PER_BODY }, (_, body) => {
    const from = body * POINTS_PER_METRIC
    const ids = orders.flatMap((order, metric) =>
      Array.from(order.subarray(from, from + POINTS_PER_METRIC), partition => partition * METRICS + metric)
    )
    return new OtlpBody(ids, partitions, temporality, timeMs)
  })
}

/** One body, which is sent again and again with new times and values. */
export class OtlpBody {
  readonly points = POINTS_PER_BODY
  readonly bytes: Buffer
  /** Offsets in `bytes` of the content of each point, and after its end. */
  readonly #starts = new Uint32Array(POINTS_PER_BODY)
  readonly #ends = new Uint32Array(POINTS_PER_BODY)
  readonly #ids: readonly number[]
  readonly #partitions: number
  readonly #temporality: Temporality
  readonly #view: DataView
  /** The sum of all points' {@link seriesValue}. */
  readonly #sum: number
  /** Time of the points, Unix ms. */
  timeMs: number
  #stamps = 0
  #renamed = 0

  constructor(ids: readonly number[], partitions: number, temporality: Temporality, timeMs: number) {
    this.#ids = ids
    this.#partitions = partitions
    this.#temporality = temporality
    this.timeMs = timeMs
    this.#sum = ids.reduce((sum, id) => sum + seriesValue(id), 0)
    this.bytes = encode(ids, temporality, timeMs)
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length)
    this.#locatePoints()
  }

  /** Gives all points a time, later than any before, and the value of that time. Returns the sum of the values. */
  stamp(nowMs: number): number {
    const start = halves(this.timeMs)
    this.timeMs = Math.max(nowMs, this.timeMs + 1)
    const time = halves(this.timeMs)
    const isDelta = this.#temporality === 'delta'
    const factor = isDelta ? 1 : ++this.#stamps
    for (let i = 0; i < POINTS_PER_BODY; i++) {
      const at = this.#starts[i]
      if (isDelta) this.#writeHalves(at + START_AT, start)
      else this.#view.setUint32(at + VALUE_AT, seriesValue(this.#ids[i]) * factor, true)
      this.#writeHalves(at + TIME_AT, time)
    }
    return this.#sum * factor
  }

  /** Values of refused requests are in no sum. */
  unstamp(): void {}

  encoded(): Uint8Array {
    return this.bytes
  }

  /** Replaces series by new ones until `percent` of all were, one percent at a time. */
  renameUpTo(percent: number): void {
    for (; this.#renamed < Math.floor(percent); this.#renamed++) {
      const place = this.#renamed % POINTS_PER_METRIC
      const generation = 1 + Math.floor(this.#renamed / POINTS_PER_METRIC)
      for (let i = place; i < POINTS_PER_BODY; i += POINTS_PER_METRIC) {
        const partition = Math.floor(this.#ids[i] / METRICS) + generation * this.#partitions
        this.bytes.write(digitsOf(partition), this.#ends[i] - PARTITION_DIGITS, 'latin1')
      }
    }
  }

  #locatePoints(): void {
    const templates = templatesOf(this.timeMs)
    let at = 0
    for (const [i, id] of this.#ids.entries()) {
      const template = templates[id % DISTINCT_POINTS]
      at = this.bytes.indexOf(template.subarray(0, template.length - PARTITION_DIGITS), at)
      // The size in front is of one byte or two.
      this.#starts[i] = at + template.indexOf(START_TAG)
      this.#ends[i] = at += template.length
    }
  }

  #writeHalves(at: number, [low, high]: readonly [number, number]): void {
    this.#view.setUint32(at, low, true)
    this.#view.setUint32(at + 4, high, true)
  }
}

function encode(ids: readonly number[], temporality: Temporality, timeMs: number): Buffer {
  const templates = templatesOf(timeMs)
  const points = ids.map(id => {
    const point = Buffer.from(templates[id % DISTINCT_POINTS])
    point.write(digitsOf(Math.floor(id / METRICS)), point.length - PARTITION_DIGITS, 'latin1')
    return point
  })
  const metrics = Array.from({ length: METRICS }, (_, metric) => {
    const own = points.slice(metric * POINTS_PER_METRIC, (metric + 1) * POINTS_PER_METRIC)
    const sum = message(7, ...own, integer(2, temporality === 'delta' ? 1 : 2), MONOTONIC)
    return message(2, text(1, `shop.requests.${metric}`), text(3, '{request}'), sum)
  })
  return message(1, RESOURCE, message(2, SCOPE, ...metrics))
}

/** Points of ids 0 to 359, in partition 0. Made once for a time, and so for all bodies of a load. */
function templatesOf(timeMs: number): readonly Buffer[] {
  if (templates.timeMs !== timeMs)
    templates = { timeMs, points: Array.from({ length: DISTINCT_POINTS }, (_, id) => point(id, timeMs)) }
  return templates.points
}

let templates: { readonly timeMs: number; readonly points: readonly Buffer[] } = { timeMs: Number.NaN, points: [] }

function point(id: number, timeMs: number): Buffer {
  return message(
    1,
    fixed64(2, unixNano(timeMs - INTERVAL_MS)),
    fixed64(3, unixNano(timeMs)),
    fixed64(6, BigInt(seriesValue(id))),
    attribute(7, 'http.method', METHODS[id % METHODS.length]),
    attribute(7, 'http.route', `/api/v2/items/${id % 40}`),
    attribute(7, 'http.status_code', String(200 + (id % 6))),
    attribute(7, 'partition', `p${digitsOf(0)}`)
  )
}

/** Partitions in the order in which their points come. */
function orderOf(partitions: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: partitions }, (_, i) => i)
  if (seed === 0) return order
  let state = seed
  for (let i = partitions - 1; i > 0; i--) {
    // Xorshift: the same seed makes the same load on every machine.
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    const other = (state >>> 0) % (i + 1)
    const moved = order[i]
    order[i] = order[other]
    order[other] = moved
  }
  return order
}

const digitsOf = (partition: number) => (partition % MAX_PARTITIONS).toString(36).padStart(PARTITION_DIGITS, '0')
const unixNano = (ms: number) => BigInt(ms) * 1_000_000n

function halves(ms: number): readonly [low: number, high: number] {
  const nano = unixNano(ms)
  return [Number(nano & 0xffffffffn), Number(nano >> 32n)]
}

const MONOTONIC = integer(3, 1)
const SCOPE = message(1, text(1, 'shop/http'), text(2, '3.1.0'))
const RESOURCE = message(
  1,
  attribute(1, 'service.name', 'checkout'),
  attribute(1, 'service.instance.id', 'pod-4711'),
  attribute(1, 'host.name', 'node-9'),
  attribute(1, 'deployment.environment.name', 'production'),
  attribute(1, 'cloud.region', 'eu-central-1')
)
