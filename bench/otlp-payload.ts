import { attribute, fixed64, integer, message, text } from '../test/core/wire/protobuf/fields.ts'

const METRICS = 10
const POINTS_PER_METRIC = 100
const INTERVAL_MS = 10_000
const METHODS = ['GET', 'PUT', 'POST', 'DELETE']

export interface OtlpLoad {
  /** Distinct series over all bodies, a multiple of 10; series `id` belongs to metric `id % 10`. */
  readonly series: number
  readonly bodies: number
  /** Time of the points, Unix ms. */
  readonly timeMs: number
  /** Steps from one series to the next; 1 unless given. Prime to `series / 10`, so that all have their turn. */
  readonly stride?: number
}

/** ExportMetricsServiceRequest bodies: 1,000 delta sums each, four attributes a point, all series in turn. */
export function otlpBodies({ series, bodies, timeMs, stride = 1 }: OtlpLoad): Buffer[] {
  return Array.from({ length: bodies }, (_, body) => {
    const metrics = Array.from({ length: METRICS }, (_, metric) => {
      const points = Array.from({ length: POINTS_PER_METRIC }, (_, i) => {
        const turn = ((body * POINTS_PER_METRIC + i) * stride) % (series / METRICS)
        return point(turn * METRICS + metric, timeMs)
      })
      const sum = message(7, ...points, DELTA, MONOTONIC)
      return message(2, text(1, `shop.requests.${metric}`), text(3, '{request}'), sum)
    })
    return message(1, RESOURCE, message(2, SCOPE, ...metrics))
  })
}

/** The value that every point of series `id` has. */
export const seriesValue = (id: number) => 1 + (id % 9)

function point(id: number, timeMs: number): Buffer {
  return message(
    1,
    fixed64(2, unixNano(timeMs - INTERVAL_MS)),
    fixed64(3, unixNano(timeMs)),
    fixed64(6, BigInt(seriesValue(id))),
    attribute(7, 'http.method', METHODS[id % METHODS.length]),
    attribute(7, 'http.route', `/api/v2/items/${id % 40}`),
    attribute(7, 'http.status_code', String(200 + (id % 6))),
    attribute(7, 'partition', `p${Math.floor(id / 10)}`)
  )
}

const unixNano = (ms: number) => BigInt(ms) * 1_000_000n

const DELTA = integer(2, 1)
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
