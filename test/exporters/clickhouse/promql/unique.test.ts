import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { joinBlocks } from '../../../../core/model/join.ts'
import type { EvaluationRange } from '../../../../core/promql/engine/evaluate.ts'
import type { PointBlock } from '../../../../sdk/plugin/index.ts'
import type { TestPoint } from '../../../processor-under-test.ts'
import { Harness } from '../../../processors/rollup/harness.ts'
import { signal } from '../harness.ts'
import { ask, flat } from './store-evaluation.ts'
import { openStore, type StoreHarness } from './store-harness.ts'

const HOUR_S = 3600
const HOURS = 9
const INTERVAL_S = 60
/** After the edges of intervals, for a point at an edge counts in the next interval, and in the window that ends. */
const FIRST_S = 20
/** Data must be young, as old data would expire at once. */
const EPOCH = (Math.floor(Date.now() / (HOUR_S * 1000)) - HOURS) * HOUR_S * 1000
const PLANS = ['free', 'pro']
/** Of estimates: three times the standard error. */
const TOLERANCE = 0.025

let store: StoreHarness
let short: StoreHarness
before(async () => {
  const tiers = { '1m': '10d', '10m': '0s' }
  store = await openStore({ ttl: '30d', tiers })
  short = await openStore({ ttl: '1h', tiers })
  for (const block of await recorded()) for (const { h } of [store, short]) await h.exporter.export(block, signal())
})
after(async () => {
  await store?.[Symbol.asyncDispose]()
  await short?.[Symbol.asyncDispose]()
})

/** Ten members of each plan a minute: five that nobody else has, and five that all have. */
const membersAt = (at: number, plan: string) =>
  Array.from({ length: 10 }, (_, i) => (i < 5 ? `${plan} ${at} ${i}` : `everybody ${(at / INTERVAL_S) % 7} ${i}`))

const setAt = (at: number, plan: string): TestPoint => ({
  at,
  start: at - FIRST_S,
  attributes: { plan },
  metric: { name: 'users.unique', kind: 'set', temporality: 'delta' },
  distribution: { kind: 'set', members: membersAt(at, plan) }
})

/** Sets as they come, and rolled up. */
async function recorded(): Promise<PointBlock[]> {
  const rollup = await new Harness({ tiers: [{ size: '1m' }, { size: '10m' }] }, EPOCH).start()
  const raw: PointBlock[] = []
  for (let at = FIRST_S; at <= HOURS * HOUR_S; at += INTERVAL_S) {
    rollup.advanceTo(at, INTERVAL_S * 1000)
    const block = rollup.block(PLANS.map(plan => setAt(at, plan)))
    raw.push(block)
    await rollup.sendBlock(block)
  }
  rollup.advanceTo(HOURS * HOUR_S + 60, 1000)
  const gauge = rollup.block([{ at: FIRST_S, value: 1, metric: { name: 'temperature', kind: 'gauge' } }])
  return [joinBlocks([...raw, gauge]) as PointBlock, joinBlocks(rollup.blocks) as PointBlock]
}

/** How many members the plans have in `(from, to]`, in s. */
function distinct(from: number, to: number, plans: readonly string[]): number {
  const members = new Set<string>()
  for (let at = FIRST_S; at <= to; at += INTERVAL_S)
    if (at > from) for (const plan of plans) for (const member of membersAt(at, plan)) members.add(member)
  return members.size
}

const seconds = (from: number, to: number, step: number): EvaluationRange => ({
  start: EPOCH + from * 1000,
  end: EPOCH + to * 1000,
  stepMs: step * 1000
})

/** Each value is that of `want` at its time, or near to it. @param want at a time in s, by the plan if there is one */
function check(values: ReadonlyMap<string, number>, want: (at: number, plan: string | undefined) => number) {
  assert.ok(values.size > 0)
  for (const [key, value] of values) {
    const [labels, at] = key.split('@')
    const expected = want(Number(at) / 1000, JSON.parse(labels).plan)
    assert.ok(Math.abs(value - expected) <= TOLERANCE * expected, `${key}: ${value}, not ${expected}`)
  }
}

test('sets of a range are united, those of each series', async () => {
  const query = 'weir_unique(sum_over_time(users_unique[10m]))'
  const { result, computed } = await ask(store.store, query, seconds(HOUR_S, 2 * HOUR_S, 60), true)
  const values = flat(result, EPOCH)
  assert.deepEqual([computed, values.size, result.infos], [1, 2 * 61, []])
  check(values, (at, plan) => distinct(at - 600, at, [plan!]))
})

test('sets of several series are united, in groups', async () => {
  const range = seconds(HOUR_S, 2 * HOUR_S, 45)
  const all = await ask(store.store, 'weir_unique(sum(sum_over_time(users_unique[10m])))', range, true)
  check(flat(all.result, EPOCH), at => distinct(at - 600, at, PLANS))
  const apart = await ask(store.store, 'weir_unique(sum by (plan) (sum_over_time(users_unique[10m])))', range, true)
  check(flat(apart.result, EPOCH), (at, plan) => distinct(at - 600, at, [plan!]))
})

test('the last set counts where no range is given, exactly if it is one', async () => {
  const range = seconds(HOUR_S, HOUR_S + 600, 60)
  const last = (at: number, plans: readonly string[]) => distinct(at - 60, at, plans)
  const each = flat((await ask(store.store, 'weir_unique(users_unique{plan="pro"})', range, true)).result, EPOCH)
  for (const [key, value] of each) assert.equal(value, 10, key)
  check(flat((await ask(store.store, 'weir_unique(sum(users_unique))', range, true)).result, EPOCH), at =>
    last(at, PLANS)
  )
})

test('it is an expression like any other', async () => {
  const share = 'weir_unique(sum(sum_over_time(users_unique[10m]))) / 2 > 10'
  const { result } = await ask(store.store, share, seconds(HOUR_S, HOUR_S, 0), true)
  check(flat(result, EPOCH), at => distinct(at - 600, at, PLANS) / 2)
})

test('a long query is answered by the coarsest tier whose sets have the same members', async () => {
  const query = 'weir_unique(sum(sum_over_time(users_unique[1h])))'
  const { result } = await ask(store.store, query, seconds(HOUR_S, HOURS * HOUR_S, 1200), true)
  assert.match(result.infos.join(), /^intervals of 10m were used, which are complete up to /)
  check(flat(result, EPOCH), at => distinct(at - HOUR_S, at, PLANS))
})

test('where sets have expired, those of a tier are counted', async () => {
  const query = 'weir_unique(sum by (plan) (sum_over_time(users_unique[1h])))'
  const { result } = await ask(short.store, query, seconds(HOUR_S, 7 * HOUR_S, 1200), true)
  assert.match(result.infos.join(), /^intervals of 10m were used/)
  check(flat(result, EPOCH), (at, plan) => distinct(at - HOUR_S, at, [plan!]))
})

for (const [query, problem] of [
  ['weir_unique(temperature)', /the store keeps no sets, of which weir_unique could count the members/],
  [
    'weir_unique(rate(users_unique[5m]))',
    /weir_unique counts the members of sets: a selector, sum_over_time\(\) of one/
  ],
  ['weir_unique(sum_over_time(users_unique[1h:1m]))', /weir_unique counts the members of sets/],
  ['weir_unique(max(users_unique))', /weir_unique counts the members of sets/]
] as const)
  test(`refused: ${query}`, async () => {
    await assert.rejects(ask(store.store, query, seconds(HOUR_S, HOUR_S, 0), true), problem)
  })
