import { emptyResource, resourceFromAttributes } from '@opentelemetry/resources'
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'

const CHECKOUT = { name: 'checkout', version: '2.0' }
const BARE = { name: '' }
const SHOP = resourceFromAttributes({ 'service.name': 'shop', 'host.name': 'n1' })

/** Log records of every form, as the SDK hands them to its exporters. */
export function sdkLogs(): ReadableLogRecord[] {
  const common = { hrTime: [1_700_000_000, 500_000_000], hrTimeObserved: [1_700_000_001, 0], droppedAttributesCount: 0 }
  const spanContext = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }
  const made = [
    {
      ...common,
      resource: SHOP,
      instrumentationScope: CHECKOUT,
      severityNumber: 17,
      severityText: 'ERROR',
      body: 'card refused',
      attributes: { 'order.id': 7, 'host.name': 'from the record', 'log.record.uid': 'u-1', body: 'an attribute' },
      spanContext,
      eventName: 'payment.failed'
    },
    {
      ...common,
      hrTime: [0, 0],
      resource: SHOP,
      instrumentationScope: CHECKOUT,
      body: { items: [1, 'two', { deep: true }], none: null },
      attributes: { 'event.name': 'cart.emptied' }
    },
    { ...common, resource: emptyResource(), instrumentationScope: BARE, attributes: {} }
  ]
  return made as unknown as ReadableLogRecord[]
}
