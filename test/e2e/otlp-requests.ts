import { Client, credentials, status } from '@grpc/grpc-js'
import { attribute, fixed64, integer, message, text } from '../core/wire/protobuf/fields.ts'

/** A point of a delta counter, as tests write it. */
export interface DeltaPoint {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  /** Unix ms */
  readonly time: number
  readonly value: number
}

export interface Answer {
  readonly status: number
  readonly retryAfter: string | null
}

/** An ExportMetricsServiceRequest. Points of one metric that follow each other share it. */
export function deltaRequest(points: readonly DeltaPoint[]): Buffer {
  const metrics: Buffer[] = []
  for (let from = 0; from < points.length; ) {
    const { name } = points[from]
    const end = points.findIndex((point, i) => i > from && point.name !== name)
    const own = points.slice(from, end < 0 ? points.length : end)
    metrics.push(message(2, text(1, name), message(7, ...own.map(numberPoint), DELTA, MONOTONIC)))
    from += own.length
  }
  return message(1, message(2, ...metrics))
}

export async function postOtlp(url: string, body: Uint8Array): Promise<Answer> {
  const headers = { 'content-type': 'application/x-protobuf' }
  const response = await fetch(url, { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer> })
  await response.arrayBuffer()
  return { status: response.status, retryAfter: response.headers.get('retry-after') }
}

/** Calls MetricsService over a connection of its own. The status of the answer. */
export function callOtlp(address: string, body: Buffer): Promise<number> {
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
  const path = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'
  const same = (bytes: Buffer) => bytes
  return new Promise(resolve =>
    client.makeUnaryRequest(path, same, same, body, error => {
      client.close()
      resolve(error?.code ?? status.OK)
    })
  )
}

function numberPoint({ attributes, time, value }: DeltaPoint): Buffer {
  const labels = Object.entries(attributes).map(([key, text]) => attribute(7, key, text))
  return message(1, fixed64(3, BigInt(time) * 1_000_000n), fixed64(6, BigInt(value)), ...labels)
}

const DELTA = integer(2, 1)
const MONOTONIC = integer(3, 1)
