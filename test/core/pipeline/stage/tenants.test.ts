import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bufferCount, delay, map } from 'rxjs'
import { joinBlocks } from '../../../../core/model/join.ts'
import { TENANT } from '../../../../core/model/tenant.ts'
import { TenantAccount } from '../../../../core/telemetry/tenant-account.ts'
import { TenantShares } from '../../../../core/telemetry/tenant-shares.ts'
import { Batch, type StreamProcessor } from '../../../../sdk/plugin/index.ts'
import { ProcessorHarness, testContext } from '../../../../sdk/plugin/testing.ts'
import { pointsOf } from '../../../processor-under-test.ts'

/** Joins each two batches. */
const JOINING: StreamProcessor = {
  operator: () => source =>
    source.pipe(
      bufferCount(2),
      map(batches => Batch.merge(batches, joinBlocks(batches.map(({ block }) => block))))
    )
}

for (const [what, end, books] of [
  ['takes', (batch: Batch) => batch.ack(), { a: { received: 2, sent: 2 }, b: { received: 1, sent: 1 } }],
  [
    'nacks',
    (batch: Batch) => batch.nack(new Error('full')),
    { a: { received: 2, refused: 2 }, b: { received: 1, refused: 1 } }
  ]
] as const)
  test(`an operator joins batches of two tenants, and what is behind it ${what} them: each has its own books`, async () => {
    const context = testContext()
    const account = new TenantAccount(new TenantShares(context.series))
    Object.assign(context, { account })
    const harness = new ProcessorHarness(JOINING, context, { downstream: end })
    harness.open()
    const send = (tenant: string, items: number) => {
      const points = Array.from({ length: items }, () => ({ name: 'm', resource: { [TENANT]: tenant } }))
      const block = pointsOf(context, points, 0, {})
      return account.during(block, () => harness.send(block))
    }
    const first = send('a', 2)
    assert.equal(account.tenants.get('a')!.inFlight, 2)
    await send('b', 1)
    await first
    for (const [tenant, { imbalance, inFlight, ...own }] of account.tenants) {
      assert.deepEqual([imbalance, inFlight], [0, 0], tenant)
      const nonzero = Object.entries(own).filter(([, items]) => typeof items === 'number' && items > 0)
      assert.deepEqual(Object.fromEntries(nonzero), books[tenant as keyof typeof books])
    }
    assert.deepEqual([...account.tenants.keys()], ['a', 'b'])
  })

test('items whose tenant an operator leaves out, and which it holds, stay in that one’s books', async () => {
  const context = testContext()
  const account = new TenantAccount(new TenantShares(context.series))
  Object.assign(context, { account })
  const nameless = pointsOf(context, [{ name: 'm' }], 0, {})
  const operator: StreamProcessor['operator'] = () => source =>
    source.pipe(
      map(batch => batch.replace(nameless)),
      delay(1000, context.scheduler)
    )
  const harness = new ProcessorHarness({ operator }, context).open()
  const block = pointsOf(context, [{ name: 'm', resource: { [TENANT]: 'a' } }], 0, {})
  const sent = account.during(block, () => harness.send(block))
  await harness.advance(1000)
  assert.equal((await sent).status, 'acked')
  const { inFlight, imbalance, sent: own } = account.tenants.get('a')!
  assert.deepEqual({ inFlight, imbalance, own }, { inFlight: 0, imbalance: 0, own: 1 })
  assert.deepEqual([...account.tenants.keys()], ['a'])
})
