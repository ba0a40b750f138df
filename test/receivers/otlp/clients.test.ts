import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import type { Block, EventBlock, PointBlock } from '../../../sdk/plugin/index.ts'
import { JS_PROTOCOLS, logExporter, metricExporter } from '../../otlp-clients/js-exporters.ts'
import { goClient, pythonClient } from '../../otlp-clients/programs.ts'
import { type Running, running } from './harness.ts'

const RESOURCE = resourceFromAttributes({ 'service.name': 'shop' })

const COMPRESSIONS = ['none', 'gzip'] as const
const PROGRAMS = [await pythonClient(), await goClient()]

for (const protocol of JS_PROTOCOLS)
  for (const compression of COMPRESSIONS)
    test(`JavaScript, ${protocol}, ${compression}: each sample and log record as it was recorded`, async t => {
      const weir = await running(t)
      await sendFromJs(protocol, addressOf(weir, protocol), compression)
      assertSent(weir)
    })

for (const { name, skip, command } of PROGRAMS)
  for (const protocol of ['http/protobuf', 'grpc'])
    for (const compression of COMPRESSIONS)
      test(`${name}, ${protocol}, ${compression}: each sample and log record as it was recorded`, { skip }, async t => {
        const weir = await running(t)
        const [program, ...args] = command
        await promisify(execFile)(program, [...args, 'once', protocol, addressOf(weir, protocol), compression])
        assertSent(weir)
      })

const addressOf = ({ grpc, url }: Running, protocol: string) => (protocol === 'grpc' ? grpc : new URL(url).host)

/** The same as the clients in other languages. */
async function sendFromJs(protocol: string, address: string, compression: string): Promise<void> {
  const exporter = metricExporter(protocol, address, compression, AggregationTemporality.DELTA)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const meters = new MeterProvider({ resource: RESOURCE, readers: [reader] })
  const meter = meters.getMeter('till', '2.0')
  const orders = meter.createCounter('orders', { unit: '{order}' })
  orders.add(42, { kind: 'book' })
  orders.add(5, { kind: 'toy' })
  meter.createUpDownCounter('open').add(-3)
  meter.createHistogram('took', { unit: 's', advice: { explicitBucketBoundaries: [1, 2] } }).record(1.5)
  await meters.shutdown()
  const processor = new BatchLogRecordProcessor({ exporter: logExporter(protocol, address, compression) })
  const loggers = new LoggerProvider({ resource: RESOURCE, processors: [processor] })
  loggers.getLogger('till', '2.0').emit({
    timestamp: 1_700_000_000_500,
    severityNumber: 17,
    severityText: 'ERROR',
    body: 'card refused',
    attributes: { 'order.id': 7 },
    eventName: 'payment.failed'
  })
  await loggers.shutdown()
}

function assertSent({ blocks, context: { account, credits } }: Running): void {
  const [points, events] = [pointsOf(blocks), eventsOf(blocks)]
  assert.deepEqual(points, [
    ['open', '', 'up_down_counter', 'cumulative', [], -3],
    ['orders', '{order}', 'counter', 'delta', [['kind', 'book']], 42],
    ['orders', '{order}', 'counter', 'delta', [['kind', 'toy']], 5],
    [
      'took',
      's',
      'histogram',
      'delta',
      [],
      { count: 1, sum: 1.5, min: 1.5, max: 1.5, bounds: [1, 2], counts: [0, 1, 0] }
    ]
  ])
  assert.deepEqual(events, [
    [
      'payment.failed',
      1_700_000_000_500,
      {
        body: 'card refused',
        'order.id': 7,
        'otel.scope.name': 'till',
        'otel.scope.version': '2.0',
        'service.name': 'shop',
        severity_number: 17,
        severity_text: 'ERROR'
      }
    ]
  ])
  assert.deepEqual([account.sent, account.imbalance, credits.used], [5, 0, 0])
}

function pointsOf(blocks: readonly Block[]): unknown[] {
  const seen: unknown[][] = []
  for (const block of blocks.filter((block): block is PointBlock => block.type === 'points'))
    for (const [i, { metric, attributes, resource, scope }] of [...block.series].entries()) {
      const service = resource.attributes.find(([key]) => key === 'service.name')
      assert.deepEqual([service?.[1], scope.name, scope.version], ['shop', 'till', '2.0'])
      assert.ok(block.start[i] > 0 && block.start[i] <= block.time[i], `${block.start[i]} to ${block.time[i]}`)
      const { kind: _, ...distribution } = block.distributions.get(i) ?? { kind: undefined }
      const value = block.distributions.has(i) ? distribution : block.value[i]
      seen.push([metric.name, metric.unit, metric.kind, metric.temporality, attributes, value])
    }
  return seen.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

/** Without attributes of the SDKs' own resource. */
function eventsOf(blocks: readonly Block[]): unknown[] {
  const events = blocks.filter((block): block is EventBlock => block.type === 'events')
  return events.flatMap(({ name, time, attributes }) =>
    name.map((name, i) => [
      name,
      time[i],
      Object.fromEntries(attributes[i].filter(([key]) => !key.startsWith('telemetry.')))
    ])
  )
}
