import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpIngest } from '../../../core/http/ingest.ts'
import { DEFAULT_TENANT_LIMITS } from '../../../core/http/tenants/config.ts'
import { TenantMeters } from '../../../core/http/tenants/meters.ts'
import { ConfiguredTenants } from '../../../core/http/tenants/tenants.ts'
import { EventBlockBuilder } from '../../../core/model/event-builder.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'

test('the counters of a tenant never fall, and count a request once that is refused and sent again', async () => {
  const context = testContext()
  const { clock, series, credits } = context
  const config = { over_limit_status: 429, overrides: {}, default: 'shared', limits: DEFAULT_TENANT_LIMITS } as const
  const tenants = new ConfiguredTenants(config, new TenantMeters(1, 0), { clock, series })
  const usage = () => tenants.usage.map(({ samples, bytes, refused }) => [samples, bytes, refused])[0]
  const ingest = new HttpIngest(context)
  let tries = 0
  ingest.batches$.subscribe(batch => {
    assert.deepEqual(usage(), [0, 0, 0])
    if (++tries < 3) batch.nack(new Error('full'))
    else batch.ack()
  })
  const deliver = () => {
    const builder = new EventBlockBuilder(Number.POSITIVE_INFINITY)
    for (const time of [clock.now(), clock.now() + 2 * DEFAULT_TENANT_LIMITS.max_future])
      builder.add(time, 'e', [], undefined, 1)
    return ingest.deliver(builder.build(), credits.tryTake(1000)!, undefined, 0, tenants.withoutRequest())
  }
  for (let i = 0; i < 2; i++) {
    await assert.rejects(deliver(), { status: 503 })
    assert.deepEqual(usage(), [0, 0, 0])
  }
  assert.deepEqual(await deliver(), { dropped: 1, reason: 'too_far_in_future' })
  assert.deepEqual(usage(), [1, 1000, 1])
})
