import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecentlyUsed } from '../../../../exporters/clickhouse/promql/recently-used.ts'
import { Remembered, type RememberedOptions } from '../../../../exporters/clickhouse/promql/remembered.ts'
import type { WritesAnswer } from '../../../../exporters/clickhouse/promql/request.ts'
import { Statements } from '../../../../exporters/clickhouse/promql/statements.ts'

const NEVER = new AbortController().signal

/** Answers are numbers that rise with each question. */
function rememberedOf(options: Partial<RememberedOptions<number>>) {
  let writes: WritesAnswer = { blocks: 1, series: 1, changedFrom: null }
  let asked = 0
  const statements = new Statements(async function* () {
    yield Buffer.from(JSON.stringify(writes))
  })
  const remembered = new Remembered<number>(statements, { of: 'blocks', maxWeight: 10, weightOf: () => 1, ...options })
  return {
    get: (key: string, signal = NEVER) => remembered.get(key, async () => ++asked, signal),
    ask: (key: string, ask: () => Promise<number>, signal = NEVER) => remembered.get(key, ask, signal),
    wrote: (answer: WritesAnswer) => void (writes = answer)
  }
}

test('an answer holds until something is written', async () => {
  const { get, wrote } = rememberedOf({})
  assert.deepEqual([await get('a'), await get('a'), await get('b')], [1, 1, 2])
  wrote({ blocks: 2, series: 1, changedFrom: 0 })
  assert.deepEqual([await get('a'), await get('a')], [3, 3])
})

test('an answer about series holds until some are written', async () => {
  const { get, wrote } = rememberedOf({ of: 'series' })
  assert.equal(await get('a'), 1)
  wrote({ blocks: 2, series: 1, changedFrom: 0 })
  assert.equal(await get('a'), 1)
  wrote({ blocks: 3, series: 2, changedFrom: 0 })
  assert.equal(await get('a'), 2)
})

test('nothing holds of a store that others write into, unless it is young enough', async () => {
  const exact = rememberedOf({})
  const fresh = rememberedOf({ freshMs: 60_000 })
  for (const { wrote } of [exact, fresh]) wrote(null)
  assert.deepEqual([await exact.get('a'), await exact.get('a')], [1, 2])
  assert.deepEqual([await fresh.get('a'), await fresh.get('a')], [1, 1])
})

test('those who ask at the same time share a question, and one who goes does not end it', async () => {
  const { ask } = rememberedOf({})
  const { promise, resolve } = Promise.withResolvers<number>()
  const client = new AbortController()
  const gone = ask('a', () => promise, client.signal)
  const waiting = ask('a', () => assert.fail('asked again'))
  await new Promise(setImmediate)
  client.abort(new Error('went away'))
  await assert.rejects(gone, /went away/)
  resolve(7)
  assert.equal(await waiting, 7)
})

test('a question that failed is asked again', async () => {
  const { ask } = rememberedOf({})
  await assert.rejects(
    ask('a', async () => {
      throw new Error('the store is down')
    }),
    /is down/
  )
  assert.equal(await ask('a', async () => 3), 3)
})

test('values that were not used for longest are evicted, by their weight', () => {
  const values = new RecentlyUsed<string>(10)
  values.set('a', 'A', 4)
  values.set('b', 'B', 4)
  assert.equal(values.get('a'), 'A')
  values.set('c', 'C', 5)
  assert.deepEqual([values.get('a'), values.get('b'), values.get('c')], ['A', undefined, 'C'])
  values.set('d', 'D', 20)
  assert.deepEqual([values.get('a'), values.get('c'), values.get('d')], ['A', 'C', undefined])
})
