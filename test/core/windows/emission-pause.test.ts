import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Emission } from '../../../core/windows/emission.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'

test('regression: an emission that had waited for exporters took turns as if others had held it up', t => {
  let now = 1000
  t.mock.method(performance, 'now', () => now)
  const context = testContext()
  let step: (() => boolean) | undefined
  context.inSteps = other => {
    step = other
  }
  let takes = true
  const emission = new Emission(
    context,
    () => takes,
    () => {}
  )
  const work = function* () {
    for (;;) {
      now += 0.25
      yield
    }
  }
  emission.begin(work())
  takes = false
  step!()
  // Eight ticks in which exporters take nothing, and nobody else has anything to do.
  for (let i = 0; i < 8; i++) {
    now += 500
    emission.goOn()
    step!()
  }
  takes = true
  const turns: number[] = []
  for (let i = 0; i < 4; i++) {
    if (i === 0) emission.goOn()
    const begun = now
    step!()
    turns.push(now - begun)
    // Others: a request of 5 ms.
    now += 5
  }
  assert.ok(Math.max(...turns) < 5, `${turns}`)
})
