import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { SharedMeter } from '../../../../core/batch/credit-meter.ts'
import { CreditPool } from '../../../../core/batch/credits.ts'

const never = new AbortController().signal

function pools(threads: number, capacity: number): { memory: SharedArrayBuffer; pools: CreditPool[] } {
  const memory = SharedMeter.memoryFor(threads)
  const pools = Array.from({ length: threads }, (_, i) => new CreditPool(capacity, false, new SharedMeter(memory, i)))
  return { memory, pools }
}

it('pools of several threads give the same credits', () => {
  const {
    pools: [one, other]
  } = pools(2, 100)
  const permit = one.tryTake(60)!
  assert.equal(other.used, 60)
  assert.equal(other.tryTake(41), undefined)
  assert.ok(other.tryTake(40))
  assert.equal(permit.tryGrow(1), false)
  permit.release()
  assert.equal(other.used, 40)
})

it('something larger than all credits passes when no thread has any', () => {
  const {
    pools: [one, other]
  } = pools(2, 100)
  const large = one.tryTake(1000)!
  assert.equal(other.tryTake(1), undefined)
  assert.equal(large.tryGrow(10), true)
  large.release()
  assert.ok(other.tryTake(1000))
})

it('credits that another thread gives back come to those that wait', async () => {
  const {
    pools: [one, other]
  } = pools(2, 100)
  const held = one.tryTake(100)!
  const waiting = other.take(50, never)
  held.release()
  assert.equal((await waiting).bytes, 50)
})

it('fractions of bytes are whole bytes', () => {
  const {
    pools: [pool]
  } = pools(1, 100)
  const permit = pool.tryTake(1.5)!
  permit.tryGrow(0.2)
  assert.equal(pool.used, permit.bytes)
  permit.release()
  assert.equal(pool.used, 0)
})

it('the credits of a thread that has ended come back, and no others', () => {
  const {
    memory,
    pools: [one, other]
  } = pools(2, 100)
  one.tryTake(10)
  other.tryTake(30)
  new SharedMeter(memory, 1).giveAll()
  assert.equal(one.used, 10)
})

it('no credit is lost or made while threads take and give at the same time', async () => {
  const {
    memory,
    pools: [pool]
  } = pools(3, 1000)
  const script = `
import { workerData } from 'node:worker_threads'
const { SharedMeter } = await import(workerData.module)
const meter = new SharedMeter(workerData.memory, workerData.thread)
for (let i = 0; i < 20_000; i++) {
  const bytes = 1 + (i % 700)
  if (meter.take(bytes, 1000, 0)) {
    if (meter.used > 1000) throw new Error('more than there are')
    meter.give(bytes)
  }
}`
  const module = import.meta.resolve('../../../../core/batch/credit-meter.ts')
  const run = (thread: number) =>
    new Promise<void>((resolve, reject) => {
      const url = new URL(`data:text/javascript,${encodeURIComponent(script)}`)
      const worker = new Worker(url, { workerData: { memory, thread, module } })
      worker.on('error', reject).on('exit', () => resolve())
    })
  await Promise.all([run(1), run(2)])
  assert.equal(pool.used, 0)
})
