import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import type { EventScope } from '../../../../core/event-queries/event-store.ts'
import { EventBlockBuilder } from '../../../../core/model/event-builder.ts'
import { signal } from '../harness.ts'
import { openStore } from '../promql/store-harness.ts'
import { T } from '../samples.ts'
import * as generated from './generated.ts'
import { Reference, type StoredEvent } from './reference.ts'

const SEED = 7
const opened = await openStore()
after(() => opened[Symbol.asyncDispose]())
const store = opened.store.events!
const [events] = fc.sample(generated.events, { seed: SEED, numRuns: 1 })
const reference = new Reference(events)
for (const from of [0, 300, 600]) await write(events.slice(from, from + 300))

const all: EventScope = { start: T, end: T + generated.RANGE_MS, matchers: [] }

test('events that were sent again are there, and count once', async () => {
  const distinct = new Set(events.map(({ name, time, id }) => JSON.stringify([name, time, id]))).size
  assert.ok(distinct < events.length)
  const [{ total }] = await store.groups({ ...all, by: [], of: undefined, stepMs: undefined, limit: 1 }, signal())
  assert.equal(total[0], distinct)
})

test('counts, sums and distinct values are those of the reference', async () => {
  for (const request of fc.sample(generated.groups, { seed: SEED, numRuns: 60 })) {
    const [found, want] = [await store.groups(request, signal()), reference.groups(request)]
    assert.deepEqual(sorted(found), sorted(want), JSON.stringify(request))
  }
})

test('funnels are those of the reference', async () => {
  let reached = 0
  for (const request of fc.sample(generated.funnel, { seed: SEED, numRuns: 80 })) {
    const found = await store.funnel(request, signal())
    const want = reference.funnel(request)
    if (request.by === undefined && want.size === 0)
      want.set(
        '',
        request.steps.map(() => 0)
      )
    assert.deepEqual(new Map(found.map(({ value = '', reached }) => [value, reached])), want, JSON.stringify(request))
    reached += found.reduce((sum, own) => sum + own.reached.at(-1)!, 0)
  }
  assert.ok(reached > 100, `${reached} actors came to an end`)
})

test('retention is that of the reference', async () => {
  for (const request of fc.sample(generated.retention, { seed: SEED, numRuns: 40 }))
    assert.deepEqual(await store.retention(request, signal()), reference.retention(request), JSON.stringify(request))
})

test('names and attributes are those of the reference', async () => {
  for (const scope of fc.sample(generated.scope, { seed: SEED, numRuns: 10 })) {
    const names = await store.names({ ...scope, limit: 100 }, signal())
    assert.deepEqual(
      names.map(({ name, events }) => [name, events]),
      reference.counts(scope, ({ name }) => [name])
    )
    const attributes = await store.attributes({ ...scope, limit: 2 }, signal())
    const keys = reference.counts(scope, ({ attributes }) => Object.keys(attributes))
    assert.deepEqual(
      attributes.map(({ name, events }) => [name, events]),
      keys.slice(0, 2)
    )
  }
})

async function write(part: readonly StoredEvent[]): Promise<void> {
  const builder = new EventBlockBuilder()
  for (const { time, name, attributes, id, value } of part)
    builder.add(time, name, Object.entries(attributes).sort(), id, value)
  await opened.h.exporter.export(builder.build(), signal())
}

/** Among equally many the order does not matter. */
function sorted<T extends { readonly values: readonly string[] | undefined }>(groups: readonly T[]): T[] {
  return groups.toSorted((a, b) => (JSON.stringify(a.values) < JSON.stringify(b.values) ? -1 : 1))
}
