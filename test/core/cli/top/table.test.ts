import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ComponentReport } from '../../../../core/admin/component-report.ts'
import { Rates } from '../../../../core/admin/rates.ts'
import type { StatusReport } from '../../../../core/admin/status.ts'
import { tableOf } from '../../../../core/cli/top/table.ts'

const MIB = 2 ** 20

type Books = Partial<ComponentReport['account']>

function component(kind: string, id: string, books: Books, more: Partial<ComponentReport> = {}): ComponentReport {
  const none = { received: 0, produced: 0, sent: 0, absorbed: 0, refused: 0, inFlight: 0, imbalance: 0, dropped: {} }
  return {
    kind,
    id,
    pipeline: undefined,
    state: 'ok',
    reason: undefined,
    account: { ...none, ...books },
    queue: undefined,
    diskBuffer: undefined,
    newestItemSeconds: undefined,
    watermarkLagSeconds: undefined,
    memory: undefined,
    ...more
  }
}

const statusOf = (components: readonly ComponentReport[], uptimeSeconds: number) =>
  ({
    phase: 'running',
    uptimeSeconds,
    components,
    credits: { inFlight: { usedBytes: MIB, capacityBytes: 128 * MIB } }
  }) as never as StatusReport

const filter = (received: number, filtered: number) =>
  component(
    'processor',
    'filter',
    { received, sent: received - filtered, dropped: { filtered, late: 0 } },
    { pipeline: 'a' }
  )

const queue = { usedBytes: 3 * MIB, capacityBytes: 64 * MIB, items: 12, oldestSeconds: 75 }

test('rates, queues, lags, and drops by reason', t => {
  let ms = 0
  t.mock.method(performance, 'now', () => ms)
  const rates = new Rates()
  rates.take([filter(1000, 10)], 60)
  ms = 2000
  const exporter = component(
    'exporter',
    'clickhouse',
    { inFlight: 12, imbalance: -1 },
    {
      state: 'degraded',
      reason: 'gone\u001b[2J',
      queue,
      diskBuffer: { usedBytes: MIB, capacityBytes: MIB },
      newestItemSeconds: 1.26
    }
  )
  const all = [filter(4000, 1510), exporter, component('extension', 'query_api', {})]
  rates.take(all, 62)
  assert.deepEqual(tableOf(statusOf(all, 3662), rates), [
    'Weir is running, for 1h 1m; 1 item unaccounted for; memory 1 MiB of 128 MiB in flight',
    'exporter clickhouse is degraded: gone?[2J',
    '',
    'COMPONENT              STATE     IN/S  OUT/S  DROPPED/S  IN FLIGHT                            QUEUE  OLDEST   LAG',
    'processor filter in a  ok        1.5K    750        750          0',
    'exporter clickhouse    degraded     0      0          0         12  3 MiB of 64 MiB + 1 MiB on disk  1m 15s  1.3s',
    '',
    'DROPPED BY             REASON    ITEMS  PER SECOND',
    'processor filter in a  filtered  1,510         750'
  ])
})

test('a Weir that was started anew counts from 0, and a new component too', () => {
  const rates = new Rates()
  rates.take([filter(1000, 0)], 60)
  const fresh = [filter(10, 0), component('receiver', 'otlp', { received: 50 })]
  rates.take(fresh, 1)
  for (const line of tableOf(statusOf(fresh, 1), rates).filter(text => /^(processor|receiver)/.test(text)))
    assert.match(line, /ok +0 +0 +0 +0$/)
})
