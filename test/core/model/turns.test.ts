import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Stepwise } from '../../../core/model/stepwise.ts'
import { Turns } from '../../../core/model/turns.ts'

/** Time that goes by only while somebody works. */
class Work {
  /** Steps taken when the others had their turns. */
  readonly turns: number[] = []
  #now = 0
  #steps = 0
  #isDone = false

  constructor(t: TestContext) {
    t.mock.method(performance, 'now', () => this.#now)
  }

  /** @param stepMs of each step @param othersMs of each turn of others */
  async run(steps: number, stepMs: number, othersMs: number): Promise<void> {
    const other = () => {
      this.turns.push(this.#steps)
      this.#now += othersMs
      if (!this.#isDone) setImmediate(other)
    }
    setImmediate(other)
    assert.equal(await new Turns().finish(this.#take(steps, stepMs)), steps)
    this.#isDone = true
  }

  *#take(steps: number, stepMs: number): Stepwise<number> {
    while (this.#steps < steps) {
      this.#steps++
      this.#now += stepMs
      yield
    }
    return steps
  }
}

test('others have their turn each millisecond', async t => {
  const work = new Work(t)
  await work.run(40, 0.25, 0)
  assert.deepEqual(work.turns.slice(0, 3), [4, 8, 12])
})

test('turns are longer if those of others are', async t => {
  const work = new Work(t)
  await work.run(100, 0.25, 10)
  assert.deepEqual(work.turns.slice(0, 3), [4, 24, 44])
})

test('several at once do not wait for each other longer and longer', async t => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const work = function* (): Stepwise<void> {
    for (let step = 0; step < 400; step++) {
      now += 0.25
      yield
    }
  }
  const gaps: number[] = []
  let isDone = false
  let last = now
  const other = () => {
    gaps.push(now - last)
    last = now
    if (!isDone) setImmediate(other)
  }
  setImmediate(other)
  // 100 ms each, as three exporters have with 20,000 new series each.
  await Promise.all([work(), work(), work()].map(one => new Turns().finish(one)))
  isDone = true
  assert.ok(Math.max(...gaps) < 25, `others waited ${gaps.join(', ')} ms`)
})

test('two at once leave others their turns', async t => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  let steps = 0
  const work = function* (): Stepwise<void> {
    for (; steps < 4000; steps++) {
      now += 0.25
      yield
    }
  }
  const gaps: number[] = []
  let isDone = false
  const other = () => {
    // It has something to do for 2 ms each time.
    now += 2
    if (!isDone) setImmediate(other)
  }
  let last = 0
  const watch = () => {
    gaps.push(now - last)
    last = now
    if (!isDone) setImmediate(watch)
  }
  setImmediate(other)
  setImmediate(watch)
  await Promise.all([work(), work()].map(one => new Turns().finish(one)))
  isDone = true
  assert.ok(Math.max(...gaps) < 25, `others waited ${gaps.join(', ')} ms`)
})

test('an error in a step is that of the promise', async () => {
  // biome-ignore lint/correctness/useYield: it fails before.
  const failing = function* (): Stepwise<void> {
    throw new Error('no')
  }
  await assert.rejects(new Turns().finish(failing()), { message: 'no' })
})

/** Shares of the time that a work has while others take 5 ms each turn: in its first second, and in its fifth. */
async function sharesOf(t: TestContext, turns: Turns, seconds: number): Promise<number[]> {
  let now = performance.now()
  t.mock.method(performance, 'now', () => now)
  const begun = now
  const worked: number[] = []
  let isDone = false
  const work = function* (): Stepwise<void> {
    while (now - begun < seconds * 1000) {
      now += 0.25
      const second = Math.floor((now - begun) / 1000)
      worked[second] = (worked[second] ?? 0) + 0.25 / 1000
      yield
    }
  }
  const other = () => {
    now += 5
    if (!isDone) setImmediate(other)
  }
  setImmediate(other)
  await turns.finish(work())
  isDone = true
  return worked.slice(0, seconds)
}

test('a work that others hold up for seconds gets most of the time', async t => {
  const shares = await sharesOf(t, new Turns(), 8)
  assert.ok(Math.abs(shares[0] - 1 / 3) < 0.05, `${shares}`)
  assert.ok(Math.abs(shares[7] - 2 / 3) < 0.05, `${shares}`)
})

test('time in which it has nothing to do makes up for that', async t => {
  const turns = new Turns()
  await sharesOf(t, turns, 8)
  const now = performance.now() + 3500
  t.mock.method(performance, 'now', () => now)
  const [share] = await sharesOf(t, turns, 1)
  assert.ok(share < 0.4, `${share}`)
})
