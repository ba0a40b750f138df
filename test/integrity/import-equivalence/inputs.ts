import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { compressSync } from 'snappy'
import { writeRequest1 } from '../../core/wire/remote-write/proto.ts'

export const WINDOW_MS = 2000
/** Input comes this long after a window begins, so that all of it falls into the same one everywhere. */
const AFTER_BEGIN_MS = 300

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Resolves soon after the next window has begun. */
export async function nextWindow(): Promise<void> {
  await setTimeout(WINDOW_MS - (Date.now() % WINDOW_MS) + AFTER_BEGIN_MS)
}

/** Writes samples one millisecond apart by remote write. @param ports of all that get them */
export async function remoteWrite(ports: readonly number[], samples: readonly Sample[]): Promise<void> {
  const now = Date.now()
  const series = samples.map(({ labels, value }, i) => ({
    labels,
    samples: [{ value, timestamp: now - samples.length + i }]
  }))
  const body = compressSync(writeRequest1(series)) as Uint8Array<ArrayBuffer>
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' }
  for (const port of ports) await post(`http://127.0.0.1:${port}/api/v1/write`, headers, body)
}

/** Posts OTLP metrics as JSON. */
export async function otlp(
  ports: readonly number[],
  metrics: readonly object[],
  resource: readonly object[]
): Promise<void> {
  const body = JSON.stringify({
    resourceMetrics: [{ resource: { attributes: resource }, scopeMetrics: [{ metrics }] }]
  })
  for (const port of ports)
    await post(`http://127.0.0.1:${port}/v1/metrics`, { 'content-type': 'application/json' }, body)
}

/** Sends lines of StatsD, each in a datagram. */
export async function statsd(ports: readonly number[], lines: readonly string[]): Promise<void> {
  const socket = createSocket('udp4')
  for (const port of ports)
    for (const line of lines)
      await new Promise<void>((resolve, reject) =>
        socket.send(line, port, '127.0.0.1', error => (error === null ? resolve() : reject(error)))
      )
  socket.close()
  await once(socket, 'close')
}

async function post(
  url: string,
  headers: Record<string, string>,
  body: string | Uint8Array<ArrayBuffer>
): Promise<void> {
  const response = await fetch(url, { method: 'POST', headers, body })
  const text = await response.text()
  if (!response.ok) throw new Error(`POST ${url}: ${response.status} ${text}`)
}
