import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { VirtualClock } from '../../../core/telemetry/virtual-clock.ts'

test('stands still until it is moved, and never goes back', () => {
  const clock = new VirtualClock(100)
  assert.equal(clock.now(), 100)
  clock.advanceTo(250)
  clock.advanceTo(10)
  assert.equal(clock.now(), 250)
})

test('timers fire in order, each at its own time, those of equal times as they were set', () => {
  const clock = new VirtualClock(0)
  const fired: string[] = []
  const set = (name: string, ms: number) => clock.setTimer(ms, () => fired.push(`${name} at ${clock.now()}`))
  set('c', 30)
  set('a', 10)
  set('b1', 20)
  set('b2', 20)
  clock.advanceTo(29)
  assert.deepEqual(fired, ['a at 10', 'b1 at 20', 'b2 at 20'])
  assert.equal(clock.nextTimer, 30)
  clock.advanceTo(30)
  assert.equal(fired.at(-1), 'c at 30')
  assert.equal(clock.nextTimer, Number.POSITIVE_INFINITY)
})

test('regression: after a restart timers of two processors fired the other way round', () => {
  const firedFrom = (begin: number) => {
    const clock = new VirtualClock(begin)
    const fired: string[] = []
    const tick = (owner: string, period: number) => {
      const own = clock.of(owner)
      own.setTimer(period - (own.now() % period), () => {
        tick(owner, period)
        if (own.now() === 500) fired.push(owner)
      })
    }
    tick('counter', 50)
    tick('rollup', 500)
    clock.advanceTo(500)
    return fired
  }
  assert.deepEqual(firedFrom(0), ['counter', 'rollup'])
  assert.deepEqual(firedFrom(470), ['counter', 'rollup'])
})

test('a timer that sets another fires it in the same move where it falls due', () => {
  const clock = new VirtualClock(5)
  const fired: number[] = []
  const every = () =>
    clock.setTimer(10, () => {
      fired.push(clock.now())
      every()
    })
  every()
  clock.advanceTo(36)
  assert.deepEqual(fired, [15, 25, 35])
  assert.equal(clock.now(), 36)
})

test('a cancelled timer does not fire, not even if another one cancels it on the way', () => {
  const clock = new VirtualClock(0)
  let fired = 0
  const cancel = clock.setTimer(10, () => fired++)
  const cancelOther = clock.setTimer(20, () => fired++)
  clock.setTimer(15, cancelOther)
  cancel()
  cancel()
  clock.advanceTo(100)
  assert.equal(fired, 0)
})

test('in how many steps time goes by makes no difference to timers', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(steps, fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 5 }), (steps, periods) => {
      const run = (moves: readonly number[]) => {
        const clock = new VirtualClock(0)
        const fired: string[] = []
        for (const [i, period] of periods.entries()) {
          const every = () => {
            clock.setTimer(period - (clock.now() % period), () => {
              fired.push(`${i} at ${clock.now()}`)
              every()
            })
          }
          every()
        }
        for (const move of moves) clock.advanceTo(clock.now() + move)
        return fired
      }
      assert.deepEqual(run(steps), run([steps.reduce((sum, step) => sum + step, 0)]))
    })
  )
})
