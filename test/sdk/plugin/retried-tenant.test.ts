import assert from 'node:assert/strict'
import { it } from 'node:test'
import pino from 'pino'
import { DEFAULT_TENANT_LIMITS } from '../../../core/http/tenants/config.ts'
import { TenantMeters } from '../../../core/http/tenants/meters.ts'
import { ConfiguredTenants } from '../../../core/http/tenants/tenants.ts'
import { EventBlockBuilder } from '../../../core/model/event-builder.ts'
import { Component } from '../../../core/pipeline/graph/component.ts'
import type { Services } from '../../../core/pipeline/graph/services.ts'
import { Metrics } from '../../../core/telemetry/metrics.ts'
import { Output } from '../../../receivers/statsd/output.ts'
import { AutoRetry, type Block, type Context } from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'

const SECOND = 1000
const ENTRIES = {
  AutoRetry(context: Context) {
    const entry = new AutoRetry(context)
    return { batches$: entry.batches$, push: (block: Block) => entry.push(block) }
  },
  'the output of statsd'(context: Context) {
    const output = new Output(context, 60 * SECOND)
    return { batches$: output.batches$, push: (block: Block) => output.sendOrDrop(block, 100) }
  }
}

for (const [name, open] of Object.entries(ENTRIES))
  it(`${name}: a block of a tenant that is tried again is labelled, limited and counted once`, () => {
    const host = testContext()
    const { clock, series, credits } = host
    const config = { over_limit_status: 429, overrides: {}, default: 'shared', limits: DEFAULT_TENANT_LIMITS } as const
    const tenants = new ConfiguredTenants(config, new TenantMeters(1, 0), { clock, series })
    const component = new Component('receiver', 'it', undefined, pino({ level: 'silent' }))
    const services = { ...host, pipelineClock: clock, metrics: new Metrics(), access: { ...host.access, tenants } }
    const entry = open(component.context(services as unknown as Services))
    let tries = 0
    entry.batches$.subscribe(batch => (++tries < 4 ? batch.nack(new Error('full')) : batch.ack()))
    const builder = new EventBlockBuilder(Number.POSITIVE_INFINITY)
    for (const time of [clock.now(), clock.now(), clock.now() + 2 * DEFAULT_TENANT_LIMITS.max_future])
      builder.add(time, 'e', [], undefined, 1)
    entry.push(builder.build())
    for (let i = 0; i < 4; i++) {
      assert.equal(component.account.imbalance, 0)
      clock.advance(SECOND)
    }
    const { received, sent, refused, inFlight, dropped } = component.account
    assert.equal(tries, 4)
    assert.deepEqual([received, sent, refused, inFlight, credits.used], [3, 2, 0, 0, 0])
    assert.deepEqual([...dropped], [['too_far_in_future', 1]])
    assert.deepEqual(
      tenants.usage.map(({ samples, refused }) => [samples, refused]),
      [[2, 1]]
    )
  })
