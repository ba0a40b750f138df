import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { inTurns, type Stepwise } from '../../../core/model/stepwise.ts'

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
    assert.equal(await inTurns(this.#take(steps, stepMs)), steps)
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

test('an error in a step is that of the promise', async () => {
  // biome-ignore lint/correctness/useYield: it fails before.
  const failing = function* (): Stepwise<void> {
    throw new Error('no')
  }
  await assert.rejects(inTurns(failing()), { message: 'no' })
})
