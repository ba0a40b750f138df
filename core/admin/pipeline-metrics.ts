import type { Component } from '../pipeline/component.ts'
import type { Delivery } from '../pipeline/delivery.ts'
import type { Lane } from '../pipeline/lane/lane.ts'
import type { Labels, Metrics } from '../telemetry/metrics.ts'

type Column = 'received' | 'produced' | 'sent' | 'absorbed' | 'refused'

const COLUMNS: Record<Column, string> = {
  received: 'Items that came in.',
  produced: 'Items made here, such as the counts of a window.',
  sent: 'Items that went on, or that the backend stored.',
  absorbed: 'Items that live on inside what is produced.',
  refused: 'Items handed back to their sender.'
}

/** The ledger, queues, credits and states as metrics. */
export function addPipelineMetrics(metrics: Metrics, delivery: Delivery): void {
  addLedger(metrics, delivery)
  addQueues(metrics, delivery)
  const { credits, ownedCredits } = delivery.services
  metrics.add({
    name: 'weir_credits_used_bytes',
    type: 'gauge',
    help: 'Memory budget in use.',
    read: () => [
      { labels: { pool: 'in_flight' }, value: credits.used },
      { labels: { pool: 'owned' }, value: ownedCredits.used }
    ]
  })
}

function addLedger(metrics: Metrics, delivery: Delivery): void {
  for (const [column, help] of Object.entries(COLUMNS) as [Column, string][]) {
    addOfEach(metrics, delivery, `weir_${column}_items_total`, 'counter', help, ({ account }) => account[column])
  }
  addOfEach(metrics, delivery, 'weir_in_flight_items', 'gauge', 'Items held.', ({ account }) => account.inFlight)
  addOfEach(
    metrics,
    delivery,
    'weir_unaccounted_items',
    'gauge',
    'Items nobody accounts for: 0, or a bug.',
    ({ account }) => account.imbalance
  )
  metrics.add({
    name: 'weir_dropped_items_total',
    type: 'counter',
    help: 'Items gone for good, by reason.',
    *read() {
      for (const component of delivery.components) {
        for (const [reason, value] of component.account.dropped)
          yield { labels: { ...labelsOf(component), reason }, value }
      }
    }
  })
  const isUp = ({ state }: Component) => Number(state === 'ok')
  const upHelp = '1 when the component is ok, 0 when it is degraded or failed.'
  addOfEach(metrics, delivery, 'weir_component_up', 'gauge', upHelp, isUp)
}

const QUEUE_GAUGES: readonly (readonly [name: string, help: string, read: (lane: Lane) => number])[] = [
  ['weir_queue_bytes', 'What waits for an exporter.', lane => lane.queuedBytes],
  [
    'weir_backlog_bytes',
    'Size on disk of what waits for an exporter, and of what is done but not yet deleted.',
    lane => lane.backlogBytes
  ],
  [
    'weir_circuit_open',
    '1 while an exporter has failed so often in a row that it is only asked now and then.',
    lane => Number(lane.isCircuitOpen)
  ]
]

function addQueues(metrics: Metrics, { topology }: Delivery): void {
  for (const [name, help, value] of QUEUE_GAUGES) {
    const read = () =>
      topology.exporters.map(({ component, lane }) => ({ labels: labelsOf(component), value: value(lane) }))
    metrics.add({ name, type: 'gauge', help, read })
  }
}

function addOfEach(
  metrics: Metrics,
  delivery: Delivery,
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  value: (component: Component) => number
): void {
  const read = () => delivery.components.map(component => ({ labels: labelsOf(component), value: value(component) }))
  metrics.add({ name, type, help, read })
}

function labelsOf({ kind, id, pipeline }: Component): Labels {
  return pipeline === undefined ? { kind, component: id } : { kind, component: id, pipeline }
}
