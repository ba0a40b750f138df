import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CooperativeScheduler } from '../../../../core/pipeline/ingest/cooperative.ts'

/** Adds work of `count` steps, each of which is told to `log`. */
function add(steps: CooperativeScheduler, name: string, count: number, log: string[]): void {
  let step = 0
  steps.add(() => {
    log.push(`${name}${++step}`)
    return step < count
  })
}

const turn = () => new Promise(setImmediate)

test('where nobody drives it work takes one step each turn of the event loop, one after the other', async () => {
  const [steps, log] = [new CooperativeScheduler(), [] as string[]]
  add(steps, 'a', 2, log)
  add(steps, 'b', 1, log)
  assert.deepEqual(log, [])
  await turn()
  assert.deepEqual(log, ['a1'])
  await turn()
  await turn()
  assert.deepEqual(log, ['a1', 'a2', 'b1'])
  assert.equal(steps.isDone, true)
})

test('the driver is told of work, and alone takes steps until it leaves', async () => {
  const [steps, log] = [new CooperativeScheduler(), [] as string[]]
  add(steps, 'before', 2, log)
  let woken = 0
  steps.drive(() => woken++)
  add(steps, 'a', 3, log)
  await turn()
  assert.deepEqual(log, [])
  assert.equal(woken, 1)
  for (let i = 0; i < 3; i++) steps.takeOne()
  assert.deepEqual(log, ['before1', 'before2', 'a1'])
  steps.leave()
  await turn()
  await turn()
  assert.deepEqual(log.slice(3), ['a2', 'a3'])
})

test('work that adds work is done before it', () => {
  const [steps, log] = [new CooperativeScheduler(), [] as string[]]
  steps.drive(() => {})
  steps.add(() => {
    log.push('a')
    if (log.length === 1) add(steps, 'b', 1, log)
    return log.length < 2
  })
  while (!steps.isDone) steps.takeOne()
  assert.deepEqual(log, ['a', 'a', 'b1'])
})

test('steps that are run take many a turn, and their result or error is returned', async () => {
  const steps = new CooperativeScheduler()
  let taken = 0
  function* many(): Generator<void, string> {
    for (; taken < 5; taken++) yield
    return 'done'
  }
  assert.equal(await steps.run(many()), 'done')
  assert.equal(taken, 5)
  // biome-ignore lint/correctness/useYield: it does not come to that
  function* failing(): Generator<void, string> {
    throw new Error('broken')
  }
  await assert.rejects(steps.run(failing()), new Error('broken'))
  assert.equal(steps.isDone, true)
})
