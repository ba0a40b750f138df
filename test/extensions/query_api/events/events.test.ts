import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { EventBlockBuilder } from '../../../../core/model/event-builder.ts'
import type { QueryableStore } from '../../../../core/promql/queryable.ts'
import { embedded, FOREVER, signal } from '../../../exporters/clickhouse/harness.ts'
import { form, startApi } from '../api-client.ts'
import { TENANTS } from '../tenants.ts'

/** A midnight, in Unix s. */
const T = 1_700_006_400
const DAY = 86_400
const HOSTILE = "it's \\ \0 \n{}"
const EVENTS: readonly (readonly [second: number, name: string, attributes: Record<string, string>, value?: number])[] =
  [
    [0, 'signup', { user_id: 'ann', plan: 'pro', 'weir.tenant': 'a' }, 2.5],
    [10, 'signup', { user_id: 'bob', plan: 'free', 'weir.tenant': 'b' }],
    [20, 'page view', { user_id: 'ann', plan: 'pro', 'weir.tenant': 'a' }],
    [DAY, 'checkout', { user_id: 'ann', plan: 'pro', 'weir.tenant': 'a' }, 40],
    [DAY + 5, 'signup', { user_id: 'cid', [HOSTILE]: HOSTILE, 'weir.tenant': 'a' }]
  ]
const RANGE = { start: String(T), end: String(T + 2 * DAY) }

const h = await embedded(FOREVER)
after(() => h[Symbol.asyncDispose]())
const builder = new EventBlockBuilder()
for (const [i, [second, name, attributes, value = 1]] of EVENTS.entries())
  builder.add((T + second) * 1000, name, Object.entries(attributes).sort(), String(i), value)
await h.exporter.export(builder.build(), signal())
const { ask } = await startApi({ store: 'numbers' }, h.exporter.queryable)

type Fields = Readonly<Record<string, string>> | readonly (readonly [string, string])[]
const fieldsOf = (fields: Fields) =>
  new URLSearchParams((Array.isArray(fields) ? fields : Object.entries(fields)) as [string, string][])
const data = async (question: string, fields: Fields) => {
  const { status, body } = await ask(`/api/v1/events/${question}?${fieldsOf({ ...RANGE })}&${fieldsOf(fields)}`)
  assert.deepEqual([status, body.status, body.error], [200, 'success', undefined])
  const { start, end, ...rest } = body.data as Record<string, unknown>
  assert.deepEqual([start, end], [T, T + 2 * DAY])
  return rest
}

test('counts and sums: in all, by attributes, by steps, and the rest as one', async () => {
  assert.deepEqual(await data('counts', {}), { result: [{ labels: {}, count: 5, sum: 45.5 }] })
  assert.deepEqual(await data('counts', { by: '__name__', where: '{plan="pro"}' }), {
    result: [
      { labels: { __name__: 'checkout' }, count: 1, sum: 40 },
      { labels: { __name__: 'page view' }, count: 1, sum: 1 },
      { labels: { __name__: 'signup' }, count: 1, sum: 2.5 }
    ]
  })
  const points = (first: number, second: number) => [
    [T, first, first === 0 ? 0 : 1],
    [T + DAY, second, second === 0 ? 0 : 1]
  ]
  assert.deepEqual(
    await data('counts', { name: 'signup', by: 'plan', step: '1d', limit: '2', where: '{plan!="pro"}' }),
    {
      step: DAY,
      result: [
        { labels: {}, count: 1, sum: 1, points: points(0, 1) },
        { labels: { plan: 'free' }, count: 1, sum: 1, points: points(1, 0) }
      ]
    }
  )
  assert.deepEqual(await data('counts', { by: 'plan', limit: '1' }), {
    result: [{ labels: { plan: 'pro' }, count: 3, sum: 43.5 }],
    other: { count: 2, sum: 2 }
  })
})

test('distinct values, top values, names and attributes', async () => {
  assert.deepEqual(await data('uniques', { of: 'user_id', step: '1d' }), {
    step: DAY,
    result: [
      {
        labels: {},
        uniques: 3,
        count: 5,
        points: [
          [T, 2, 3],
          [T + DAY, 2, 2]
        ]
      }
    ]
  })
  assert.deepEqual(await data('top', { of: 'plan', limit: '1' }), {
    values: [{ value: 'pro', count: 3, sum: 43.5 }],
    other: { count: 1, sum: 1 }
  })
  assert.deepEqual(await data('names', { limit: '1' }), {
    names: [{ name: 'signup', count: 3, first: T, last: T + DAY + 5 }]
  })
  assert.deepEqual(await data('attributes', { name: 'page view' }), {
    attributes: ['plan', 'user_id', 'weir.tenant'].map(name => ({ name, count: 1 }))
  })
})

test('the latest events: newest first, filtered, and each with a key of its own', async () => {
  interface Latest {
    readonly events: readonly {
      time: number
      name: string
      key: string
      value: number
      attributes: object
      id: string
    }[]
  }
  const { events } = (await data('latest', {})) as unknown as Latest
  assert.deepEqual(
    events.map(({ key: _, ...event }) => event),
    EVENTS.map(([second, name, attributes, value = 1], i) => ({
      time: T + second,
      name,
      id: String(i),
      value,
      attributes
    })).reverse()
  )
  assert.equal(new Set(events.map(({ key }) => key)).size, EVENTS.length)
  const some = (await data('latest', { name: 'signup', where: '{plan!=""}', limit: '1' })) as unknown as Latest
  assert.deepEqual(
    some.events.map(({ key }) => key),
    [events[3].key]
  )
  assert.deepEqual(await data('latest', { name: 'nothing' }), { events: [] })
})

test('funnel and retention', async () => {
  const steps = ['{__name__="signup"}', '{"page view"}', 'checkout{plan="pro"}'].map(step => ['steps', step] as const)
  const step = (actors: number, from_first: number | null, from_previous: number | null) => ({
    actors,
    from_first,
    from_previous
  })
  const short = [step(3, 1, 1), step(1, 1 / 3, 1 / 3), step(0, 0, 0)]
  assert.deepEqual(await data('funnel', [['of', 'user_id'], ['window', '1h'], ...steps]), {
    window: 3600,
    steps: short
  })
  assert.deepEqual(await data('funnel', [['of', 'user_id'], ['by', 'plan'], ['limit', '2'], ...steps]), {
    window: DAY,
    result: [
      { labels: {}, steps: [step(1, 1, 1), step(0, 0, 0), step(0, 0, null)] },
      { labels: { plan: 'free' }, steps: [step(1, 1, 1), step(0, 0, 0), step(0, 0, null)] }
    ],
    other: { steps: [step(1, 1, 1), step(1, 1, 1), step(1, 1, 1)] }
  })
  const cohorts = { of: 'user_id', cohort: 'signup', return: '{plan="pro"}', periods: '2' }
  assert.deepEqual(await data('retention', cohorts), {
    period: DAY,
    cohorts: [
      { start: T, actors: 2, returned: [1, 1], share: [0.5, 0.5] },
      { start: T + DAY, actors: 1, returned: [0], share: [0] }
    ]
  })
})

test('texts of a request are texts to the store, whatever stands in them', async () => {
  const quoted = JSON.stringify(HOSTILE).replaceAll('\\u0000', '\\x00')
  const where = `{${quoted}=${quoted}}`
  const labels = { [HOSTILE]: HOSTILE }
  assert.deepEqual(await data('counts', { where, by: HOSTILE }), { result: [{ labels, count: 1, sum: 1 }] })
  assert.deepEqual(await data('counts', { by: HOSTILE, limit: '1', step: '2d', where: '{user_id="cid"}' }), {
    step: 2 * DAY,
    result: [{ labels, count: 1, sum: 1, points: [[T, 1, 1]] }]
  })
  assert.deepEqual(await data('uniques', { of: "x') OR 1=1 --" }), { result: [{ labels: {}, uniques: 0, count: 0 }] })
})

test('an attribute or a name that nobody sent has an empty result', async () => {
  assert.deepEqual(await data('top', { of: 'nothing' }), { values: [] })
  assert.deepEqual(await data('counts', { name: 'nothing', by: 'plan' }), { result: [] })
  assert.deepEqual(await data('names', { name: 'nothing' }), { names: [] })
  const steps = [
    ['steps', 'nothing'],
    ['steps', 'signup'],
    ['of', 'user_id']
  ] as const
  const none = { actors: 0, from_first: null, from_previous: null }
  assert.deepEqual(await data('funnel', steps), { window: DAY, steps: [none, none] })
})

test('a form, errors, and other methods', async () => {
  const posted = await ask('/api/v1/events/counts', form({ ...RANGE, name: 'signup' }))
  assert.deepEqual((posted.body.data as { result: unknown }).result, [{ labels: {}, count: 3, sum: 4.5 }])
  for (const [question, error] of [
    ['counts?step=soon', /"step"/],
    ['counts?where={plan=}', /"where": 1:7/],
    ['counts?where={plan=~"("}', /"where": .*no regular expression/],
    ['funnel?of=u&steps=a&steps=b{', /"steps": 1:3/],
    ['retention?of=u&return=a&cohort=', /"cohort": it is missing/],
    ['retention?of=u&cohort=a&return=}', /"return": 1:1/]
  ] as const) {
    const wrong = await ask(`/api/v1/events/${question}`)
    assert.deepEqual([wrong.status, wrong.body.errorType], [400, 'bad_data'], question)
    assert.match(wrong.body.error!, error)
  }
  assert.equal((await ask('/api/v1/events/counts', { method: 'DELETE' })).status, 405)
  const late = await ask(`/api/v1/events/counts?timeout=0.001`)
  assert.deepEqual([late.status, late.body.errorType], [503, 'timeout'])
})

test('a question is stopped in the store when its client goes', async () => {
  const [asked, stopped] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const never: QueryableStore = {
    ...h.exporter.queryable,
    fetch: (_request, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          stopped.resolve()
          reject(signal.reason)
        })
        asked.resolve()
      })
  }
  const { ask } = await startApi({ store: 'numbers' }, never)
  const client = new AbortController()
  const answer = ask('/api/v1/events/names', { signal: client.signal })
  await asked.promise
  client.abort()
  await assert.rejects(answer)
  await stopped.promise
})

test('a tenant sees its own events', async () => {
  const { ask } = await startApi({ store: 'numbers' }, h.exporter.queryable, { tenants: TENANTS })
  const headers = { 'x-scope-orgid': 'b' }
  const where = encodeURIComponent('{"weir.tenant"="a"}')
  const of = (question: string, more: string) =>
    ask(`/api/v1/events/${question}?${fieldsOf(RANGE)}&${more}`, { headers })
  const counts = await of('counts', '')
  assert.deepEqual((counts.body.data as { result: unknown }).result, [{ labels: {}, count: 1, sum: 1 }])
  const foreign = await of('counts', `where=${where}`)
  assert.deepEqual((foreign.body.data as { result: unknown }).result, [{ labels: {}, count: 0, sum: 0 }])
  const latest = await of('latest', '')
  assert.equal((latest.body.data as { events: unknown[] }).events.length, 1)
  const names = await of('names', '')
  assert.equal((names.body.data as { names: unknown[] }).names.length, 1)
  const funnel = await of('funnel', 'of=user_id&steps=signup&steps=checkout')
  assert.equal((funnel.body.data as { steps: { actors: number }[] }).steps[0].actors, 1)
  const retention = await of('retention', 'of=user_id&cohort=signup&return=signup&periods=1')
  const { cohorts } = retention.body.data as { cohorts: { actors: number }[] }
  assert.deepEqual(
    cohorts.map(({ actors }) => actors),
    [1, 0]
  )
})
