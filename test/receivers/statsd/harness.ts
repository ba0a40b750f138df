import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import type { TestContext as Test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { type Endpoint, parseEndpoint } from '../../../core/http/endpoint.ts'
import plugin from '../../../receivers/statsd/index.ts'
import { StatsdReceiver } from '../../../receivers/statsd/receiver.ts'
import { attributeText, type Batch, type PointBlock } from '../../../sdk/plugin/index.ts'
import { type TestContext, testConfig, testContext } from '../../../sdk/plugin/testing.ts'

const DEADLINE_MS = 5_000

export interface Running {
  readonly context: TestContext
  readonly receiver: StatsdReceiver
  /** Batches nobody has settled. */
  readonly batches: Batch[]
  readonly sizes: number[]
  send(datagram: string): Promise<void>
  port: number
}

export async function running(
  t: Test,
  config = {},
  settle?: (batch: Batch) => void,
  context = testContext()
): Promise<Running> {
  const receiver = new StatsdReceiver(testConfig(plugin, { endpoint: '127.0.0.1:0', ...config }), context)
  const batches: Batch[] = []
  const sizes: number[] = []
  receiver.batches$.subscribe(batch => {
    sizes.push(batch.block.length)
    if (settle === undefined) batches.push(batch)
    else settle(batch)
  })
  await receiver.start()
  const { port } = endpointOf(receiver)
  const socket: Socket = createSocket('udp4')
  t.after(async () => {
    socket.close()
    await receiver.stop()
    assert.equal(context.account.imbalance, 0)
  })
  const send = (datagram: string) =>
    new Promise<void>(resolve => socket.send(datagram, port, '127.0.0.1', () => resolve()))
  return { context, receiver, batches, sizes, send, port }
}

/** The first address of a receiver, which is one of UDP. */
export function endpointOf(receiver: StatsdReceiver): Endpoint {
  return parseEndpoint(receiver.addresses[0].slice('udp://'.length))
}

/** Lets sockets and the fake clock run until it holds. */
export async function until(context: TestContext, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS
  while (!holds()) {
    assert.ok(performance.now() < deadline, 'timed out')
    await setImmediate()
    context.clock.advance(1)
  }
}

/** Sums of counters, numbers of observations and members, and last values of gauges, by `name,key=value`. */
export function totals(blocks: readonly PointBlock[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { length, series, value, distributions } of blocks)
    for (let i = 0; i < length; i++) {
      const { metric, attributes } = series.at(i)
      const name = [metric.name, ...attributes.map(([key, text]) => `${key}=${attributeText(text)}`)].join()
      const distribution = distributions.get(i)
      const count = distribution?.kind === 'histogram' ? distribution.count : value[i]
      sums[name] = metric.kind === 'gauge' ? count : (sums[name] ?? 0) + count
    }
  return sums
}
