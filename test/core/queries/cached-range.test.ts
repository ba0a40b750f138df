import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ResultSeries } from '../../../core/promql/engine/evaluate.ts'
import { Labels } from '../../../core/promql/labels.ts'
import { Changes, cachedRange, type EvaluateRange } from '../../../core/queries/cached-range.ts'
import { type Extent, ResultCache, stepsOf } from '../../../core/queries/result-cache.ts'

const STEP = 10

/** A store whose series has the value of its version at each time, from its first time on. */
class Versions {
  readonly #version = new Map<number, number>()
  evaluated = 0

  write(time: number): void {
    this.#version.set(time, (this.#version.get(time) ?? 0) + 1)
  }

  evaluate: EvaluateRange = async (start, end) => {
    const extent = this.at(start, end)
    this.evaluated += stepsOf(extent)
    return extent
  }

  at(start: number, end: number): Extent {
    const count = stepsOf({ start, end, stepMs: STEP })
    const series = ['even', 'odd'].map(name => this.#series(name, start, count)).filter(({ times }) => times.length > 0)
    return { start, end: start + (count - 1) * STEP, stepMs: STEP, series, warnings: [], infos: ['read'] }
  }

  #series(name: string, start: number, count: number): ResultSeries {
    const steps = Array.from({ length: count }, (_, i) => start + i * STEP)
    const times = Float64Array.from(steps.filter(time => Math.floor(time / STEP) % 2 === (name === 'even' ? 0 : 1)))
    const values = times.map(time => this.#version.get(time) ?? 0)
    return { labels: Labels.of([['name', name]]), times, values, histograms: undefined }
  }
}

const plain = ({ start, end, series }: Extent) => ({
  start,
  end,
  series: series.map(({ labels, times, values }) => [labels.key, [...times], [...values]])
})

const ask = (store: Versions, cache: ResultCache, start: number, end: number, changes = new Changes()) =>
  cachedRange({ key: 'q', start, end, stepMs: STEP, aheadMs: 0 }, cache, changes, store.evaluate)

test('a range that moved on costs its new steps only', async () => {
  const store = new Versions()
  const cache = new ResultCache(1e6)
  await ask(store, cache, 0, 1000)
  assert.equal(store.evaluated, 101)
  assert.deepEqual(plain(await ask(store, cache, 30, 1030)), plain(store.at(30, 1030)))
  assert.equal(store.evaluated, 104)
  await ask(store, cache, 30, 1030)
  assert.equal(store.evaluated, 104)
  assert.deepEqual(plain(await ask(store, cache, 0, 1030)), plain(store.at(0, 1030)))
  assert.equal(store.evaluated, 107)
})

test('steps of another phase are other steps', async () => {
  const store = new Versions()
  const cache = new ResultCache(1e6)
  await ask(store, cache, 0, 100)
  assert.deepEqual(plain(await ask(store, cache, 5, 95)), plain(store.at(5, 95)))
})

test('results from the time of a change on are evaluated anew', async () => {
  const store = new Versions()
  const cache = new ResultCache(1e6)
  await ask(store, cache, 0, 100)
  store.write(50)
  cache.invalidate(50)
  store.evaluated = 0
  assert.deepEqual(plain(await ask(store, cache, 0, 100)), plain(store.at(0, 100)))
  assert.equal(store.evaluated, 6)
})

test('a query that reads ahead is evaluated anew for changes of the times it reads', async () => {
  const store = new Versions()
  const cache = new ResultCache(1e6)
  const askAhead = () =>
    cachedRange({ key: 'q', start: 0, end: 100, stepMs: STEP, aheadMs: 30 }, cache, new Changes(), store.evaluate)
  await askAhead()
  cache.invalidate(90)
  store.evaluated = 0
  await askAhead()
  assert.equal(store.evaluated, 5)
})

test('steps whose samples change while they are evaluated are not kept', async () => {
  const store = new Versions()
  const cache = new ResultCache(1e6)
  const changes = new Changes()
  const evaluate: EvaluateRange = async (start, end) => {
    const extent = await store.evaluate(start, end)
    store.write(80)
    changes.add(80)
    return extent
  }
  await cachedRange({ key: 'q', start: 0, end: 100, stepMs: STEP, aheadMs: 0 }, cache, changes, evaluate)
  assert.deepEqual(plain(await ask(store, cache, 0, 100)), plain(store.at(0, 100)))
})

test('the cache stays within its size', async () => {
  const store = new Versions()
  const cache = new ResultCache(20_000)
  for (let i = 0; i < 50; i++)
    await cachedRange(
      { key: `q${i}`, start: 0, end: 1000, stepMs: STEP, aheadMs: 0 },
      cache,
      new Changes(),
      store.evaluate
    )
  store.evaluated = 0
  for (let i = 0; i < 50; i++)
    await cachedRange(
      { key: `q${i}`, start: 0, end: 1000, stepMs: STEP, aheadMs: 0 },
      cache,
      new Changes(),
      store.evaluate
    )
  assert.ok(store.evaluated > 30 * 101, `${store.evaluated} steps evaluated again`)
})

test('any sequence of queries and writes gives what the store would give', async () => {
  const operation = fc.oneof(
    fc.record({ start: fc.integer({ min: 0, max: 40 }), steps: fc.integer({ min: 0, max: 30 }) }),
    fc.record({ write: fc.integer({ min: 0, max: 70 }) })
  )
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async operations => {
      const store = new Versions()
      const cache = new ResultCache(1e6)
      for (const own of operations) {
        if ('write' in own) {
          store.write(own.write * STEP)
          cache.invalidate(own.write * STEP)
          continue
        }
        const [start, end] = [own.start * STEP, (own.start + own.steps) * STEP + 3]
        assert.deepEqual(plain(await ask(store, cache, start, end)), plain(store.at(start, end)))
      }
    })
  )
})

test('steps whose samples changed shortly before are not kept: the store may not know their series yet', async () => {
  const store = new Versions()
  const cache = new ResultCache(1e6)
  const changes = new Changes()
  changes.add(80)
  await ask(store, cache, 0, 100, changes)
  store.evaluated = 0
  await ask(store, cache, 0, 100, changes)
  assert.equal(store.evaluated, 3)
})
