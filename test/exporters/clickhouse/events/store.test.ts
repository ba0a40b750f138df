import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import type { EventScope, FunnelRequest } from '../../../../core/event-queries/event-store.ts'
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
const [generatedEvents] = fc.sample(generated.events, { seed: SEED, numRuns: 1 })
const amended = generatedEvents
  .slice(0, 100)
  .map((event, i) => ({ ...event, attributes: generatedEvents[i + 100].attributes, value: 7 }))
const events = [...generatedEvents, ...amended]
const reference = new Reference(events)
for (const from of [0, 300, 600]) await write(generatedEvents.slice(from, from + 300))
// Merged parts have attributes split, and the part that comes after them has other versions of their events.
await opened.h.run('OPTIMIZE TABLE weir.event_rows FINAL')
await write(amended)

const all: EventScope = { start: T, end: T + generated.RANGE_MS, matchers: [] }

test('events that were sent again are there, and count once', async () => {
  const distinct = new Set(events.map(({ name, time, id }) => JSON.stringify([name, time, id]))).size
  assert.ok(distinct < events.length)
  const [{ total }] = await store.groups({ ...all, by: [], of: undefined, stepMs: undefined, limit: 1 }, signal())
  assert.equal(total[0], distinct)
})

test('counts, sums and distinct values are those of the reference', async () => {
  for (const request of fc.sample(generated.groups, { seed: SEED, numRuns: 40 })) {
    const [found, want] = [await store.groups(request, signal()), reference.groups(request)]
    assert.deepEqual(sorted(found), sorted(want), JSON.stringify(request))
  }
})

test('funnels are those of the reference', async () => {
  let reached = 0
  for (const request of fc.sample(generated.funnel, { seed: SEED, numRuns: 50 })) {
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

test('steps of a funnel, one by one', async () => {
  /** By actor: names of events at seconds. */
  const histories = {
    straight: [
      ['a', 0],
      ['b', 10],
      ['c', 20]
    ],
    interrupted: [
      ['a', 0],
      ['x', 5],
      ['b', 10],
      ['c', 20]
    ],
    atOnce: [
      ['c', 0],
      ['b', 0],
      ['a', 0]
    ],
    backwards: [
      ['c', 0],
      ['b', 10],
      ['a', 20]
    ],
    slow: [
      ['a', 0],
      ['b', 10],
      ['c', 61]
    ],
    again: [
      ['a', 0],
      ['a', 50],
      ['b', 100],
      ['c', 110]
    ]
  } as const
  const first = T - 50 * 24 * generated.HOUR_MS
  const stored = Object.entries(histories).flatMap(([user_id, history]) =>
    history.map(([name, second], i) => ({
      time: first + second * 1000,
      name,
      id: `${user_id}${i}`,
      attributes: { user_id },
      value: 1
    }))
  )
  await write(stored)
  const name = (value: string) => [{ name: '__name__', op: '=', value }] as const
  const cases: readonly (readonly [steps: string, modes: FunnelRequest['modes'], reached: readonly number[]])[] = [
    ['a b c', [], [6, 5, 4]],
    ['a b c', ['strict_increase'], [6, 4, 3]],
    ['a b c', ['strict_order'], [6, 4, 3]],
    ['a a', [], [6, 1]],
    ['c b a', [], [6, 2, 2]]
  ]
  for (const [steps, modes, want] of cases) {
    const scope = { start: first, end: first + generated.HOUR_MS, matchers: [] }
    const request = { ...scope, of: 'user_id', windowMs: 60_000, modes, by: undefined, limit: 1 }
    const [{ reached }] = await store.funnel({ ...request, steps: steps.split(' ').map(name) }, signal())
    assert.deepEqual(reached, want, `${steps} ${modes}`)
  }
})

test('retention is that of the reference', async () => {
  for (const request of fc.sample(generated.retention, { seed: SEED, numRuns: 25 }))
    assert.deepEqual(await store.retention(request, signal()), reference.retention(request), JSON.stringify(request))
})

test('names and attributes are those of the reference', async () => {
  for (const scope of fc.sample(generated.scope, { seed: SEED, numRuns: 5 })) {
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

test('the latest events are those of the reference, and many of one time too', async () => {
  for (const scope of fc.sample(generated.scope, { seed: SEED, numRuns: 10 }))
    for (const limit of [1, 7, 1000]) {
      const found = await store.latest({ ...scope, limit }, signal())
      assert.deepEqual(
        found.map(({ timeMs, name, id, value, attributes }) => ({ time: timeMs, name, id, attributes, value })),
        reference.latest(scope, limit).map(event => ({ ...event })),
        JSON.stringify(scope)
      )
      assert.equal(new Set(found.map(({ key }) => key)).size, found.length)
    }
})

test('any number of distinct values is counted exactly', async () => {
  const first = T - 100 * 24 * generated.HOUR_MS
  await opened.h.run(`INSERT INTO weir.event_rows SELECT fromUnixTimestamp64Milli(toInt64(${first} + number), 'UTC'), 'visit',
    toString(number), 0, map('user_id', concat('user-', toString(number * 7919))), 1 FROM numbers(200000)`)
  for (const want of [50_000, 200_000]) {
    const request = {
      start: first,
      end: first + want,
      matchers: [],
      by: [],
      of: 'user_id',
      stepMs: undefined,
      limit: 1
    }
    const [{ total }] = await store.groups(request, signal())
    assert.deepEqual(total, [want, want])
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
