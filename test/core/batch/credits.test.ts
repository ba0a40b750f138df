import assert from 'node:assert/strict'
import { it } from 'node:test'
import { CreditPool } from '../../../core/batch/credits.ts'

const never = new AbortController().signal

it('gives its credits, and no more', () => {
  const pool = new CreditPool(100)
  const permit = pool.tryTake(60)!
  pool.tryTake(10)
  assert.equal(pool.tryTake(31), undefined)
  assert.equal(permit.tryGrow(31), false)
  assert.equal(permit.tryGrow(30), true)
  permit.release()
  permit.release()
  assert.equal(pool.used, 10)
  assert.equal(permit.tryGrow(1), false, 'a permit that went back cannot grow')
})

it('a request larger than the pool passes when it is alone', () => {
  const pool = new CreditPool(100)
  const large = pool.tryTake(1000)
  assert.ok(large)
  assert.equal(pool.tryTake(1), undefined)
  assert.ok(large.tryGrow(1000), 'and may grow while it is')
  large.release()
  assert.ok(pool.tryTake(1))
})

it('serves waiters in order', async () => {
  const pool = new CreditPool(100)
  const first = pool.tryTake(100)!
  const order: string[] = []
  const large = pool.take(80, never).then(() => order.push('large'))
  const small = pool.take(10, never).then(() => order.push('small'))
  first.release()
  await Promise.all([large, small])
  assert.deepEqual(order, ['large', 'small'])
  assert.equal(pool.used, 90)
})

it('waiting ends with the signal', async () => {
  const pool = new CreditPool(100)
  const held = pool.tryTake(100)!
  const stop = new AbortController()
  const waiting = pool.take(1, stop.signal)
  stop.abort(new Error('stopped'))
  await assert.rejects(waiting, /stopped/)
  held.release()
  assert.equal(pool.used, 0, 'an aborted waiter is not served')
})

it('a part of a permit goes back by itself', () => {
  const pool = new CreditPool(100)
  const permit = pool.tryTake(60)!
  const part = permit.split(20)
  assert.deepEqual([permit.bytes, part.bytes, pool.used], [40, 20, 60])
  permit.release()
  assert.equal(pool.used, 20)
  assert.equal(part.tryGrow(80), true)
  part.release()
  assert.equal(pool.used, 0)
  assert.throws(() => permit.split(1), RangeError)
  assert.throws(() => pool.tryTake(1)!.split(2), RangeError)
})
