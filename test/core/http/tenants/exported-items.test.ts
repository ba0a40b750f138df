import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExportedItems } from '../../../../core/http/tenants/exported-items.ts'
import type { EventBlock } from '../../../../core/model/events.ts'
import { TENANT } from '../../../../core/model/tenant.ts'
import { TenantShares } from '../../../../core/telemetry/tenant-shares.ts'
import { testContext } from '../../../../sdk/plugin/testing.ts'
import { pointsOf } from '../../../processor-under-test.ts'

test('items of each tenant that backends have, by resource or attribute', () => {
  const context = testContext()
  const exported = new ExportedItems(new TenantShares(context.series))
  const of = (tenant: string) => ({ name: `m${tenant}`, resource: { [TENANT]: tenant } })
  const counted = { name: 'windows', attributes: { [TENANT]: 'a' } }
  const points = [of('a'), of('a'), of('b'), { name: 'nobody' }, counted, of('b')]
  exported.passed(pointsOf(context, points, 0, {}))
  const events: EventBlock = {
    type: 'events',
    length: 3,
    time: new Float64Array(3),
    name: ['x', 'x', 'x'],
    id: [undefined, undefined, undefined],
    attributes: [[[TENANT, 'b']], [], [[TENANT, 'c']]],
    value: new Float64Array(3)
  }
  exported.passed(events)
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map(tenant => exported.of(tenant)),
    [3, 3, 1, 0]
  )
})
