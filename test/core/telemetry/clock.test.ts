import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../core/telemetry/clock.ts'

test('regression: a timer of a month fired at once', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const month = 30 * 86_400_000
  let fired = 0
  systemClock.setTimer(month, () => fired++)
  const cancel = systemClock.setTimer(month, () => assert.fail('was cancelled'))
  // As far as Node's own timers reach, and on.
  for (const ms of [2 ** 31 - 1, month - 2 ** 31]) t.mock.timers.tick(ms)
  assert.equal(fired, 0)
  cancel()
  t.mock.timers.tick(1)
  assert.equal(fired, 1)
})
