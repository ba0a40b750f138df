import type { Component } from '../pipeline/graph/component.ts'
import type { SendingQueue } from '../pipeline/sending-queue/sending-queue.ts'
import type { BuiltService } from '../pipeline/service/build.ts'
import type { Labels, Metrics } from '../telemetry/metrics.ts'

type Column = 'received' | 'produced' | 'sent' | 'absorbed' | 'refused'

const COLUMNS: Record<Column, string> = {
  received: 'Items that were received.',
  produced: 'Items made here, such as the counts of a window.',
  sent: 'Items that were forwarded, or that the backend stored.',
  absorbed: 'Items that continue inside produced items.',
  refused: 'Items that were nacked, so that their sender keeps them.'
}

/** The ledger, queues, credits and states as metrics. */
export function addPipelineMetrics(metrics: Metrics, service: BuiltService): void {
  addLedger(metrics, service)
  addQueues(metrics, service)
  const { credits, outputBudget } = service.services
  metrics.add({
    name: 'weir_credits_used_bytes',
    type: 'gauge',
    help: 'Memory budget in use.',
    read: () => [
      { labels: { pool: 'in_flight' }, value: credits.used },
      { labels: { pool: 'output' }, value: outputBudget.used }
    ]
  })
}

function addLedger(metrics: Metrics, service: BuiltService): void {
  for (const [column, help] of Object.entries(COLUMNS) as [Column, string][]) {
    addOfEach(metrics, service, `weir_${column}_items_total`, 'counter', help, ({ account }) => account[column])
  }
  addOfEach(metrics, service, 'weir_in_flight_items', 'gauge', 'Items held.', ({ account }) => account.inFlight)
  addOfEach(
    metrics,
    service,
    'weir_unaccounted_items',
    'gauge',
    'Items that are not accounted for: any value other than 0 is a bug.',
    ({ account }) => account.imbalance
  )
  metrics.add({
    name: 'weir_dropped_items_total',
    type: 'counter',
    help: 'Items lost for good, by reason.',
    *read() {
      for (const component of service.components) {
        for (const [reason, value] of component.account.dropped)
          yield { labels: { ...labelsOf(component), reason }, value }
      }
    }
  })
  const isUp = ({ state }: Component) => Number(state === 'ok')
  const upHelp = '1 when the component is ok, 0 when it is degraded or failed.'
  addOfEach(metrics, service, 'weir_component_up', 'gauge', upHelp, isUp)
  metrics.add({
    name: 'weir_newest_item_timestamp_seconds',
    type: 'gauge',
    help: 'Newest event time of the items that a receiver took, or that a backend has; 0 before the first.',
    *read() {
      for (const component of service.components) {
        if (component.kind !== 'receiver' && component.kind !== 'exporter') continue
        yield { labels: labelsOf(component), value: component.edges.sent.newest / 1000 }
      }
    }
  })
}

const QUEUE_GAUGES: readonly (readonly [
  name: string,
  help: string,
  read: (queue: SendingQueue, now: number) => number
])[] = [
  ['weir_queue_bytes', 'Bytes in memory that wait for an exporter.', queue => queue.queuedBytes],
  [
    'weir_disk_buffer_bytes',
    'Size on disk of the batches that wait for an exporter, and of settled ones not yet deleted.',
    queue => queue.diskBufferBytes
  ],
  [
    'weir_queue_oldest_seconds',
    'Time that the oldest batch has waited for an exporter; 0 if none waits.',
    ({ oldest }, now) => (oldest === undefined ? 0 : Math.max(0, now - oldest) / 1000)
  ],
  [
    'weir_circuit_open',
    '1 while an exporter has failed so often in a row that it is only asked now and then.',
    queue => Number(queue.isCircuitOpen)
  ]
]

function addQueues(metrics: Metrics, { topology, services: { clock } }: BuiltService): void {
  for (const [name, help, value] of QUEUE_GAUGES) {
    const read = () =>
      topology.exporters.map(({ component, sendingQueue }) => ({
        labels: labelsOf(component),
        value: value(sendingQueue, clock.now())
      }))
    metrics.add({ name, type: 'gauge', help, read })
  }
}

function addOfEach(
  metrics: Metrics,
  service: BuiltService,
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  value: (component: Component) => number
): void {
  const read = () => service.components.map(component => ({ labels: labelsOf(component), value: value(component) }))
  metrics.add({ name, type, help, read })
}

function labelsOf({ kind, id, pipeline }: Component): Labels {
  return pipeline === undefined ? { kind, component: id } : { kind, component: id, pipeline }
}
