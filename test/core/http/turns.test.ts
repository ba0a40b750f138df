import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from '../../../core/http/turns.ts'

const BODIES = 4
/** Of each body to decode, by the clock of the turns. */
const DECODE_MS = 6

test('regression: bodies that came at once held the process up until the last of them was decoded', async () => {
  let now = 0
  const turns = new Turns(() => now)
  const happened: string[] = []
  const decode = (i: number) => {
    happened.push(`${i}`)
    now += DECODE_MS
  }
  const others = () => {
    happened.push('others')
    if (happened.filter(what => what !== 'others').length < BODIES) setImmediate(others)
  }
  setImmediate(others)
  const waiting: Promise<void>[] = []
  for (let i = 0; i < BODIES; i++) {
    const turn = turns.take()
    if (turn === undefined) decode(i)
    else waiting.push(turn.then(() => decode(i)))
  }
  await Promise.all(waiting)
  assert.equal(happened.join(' '), '0 1 others 2 others 3')
})

test('those that come one by one do not wait', async () => {
  const turns = new Turns(() => 0)
  for (let i = 0; i < BODIES; i++) {
    assert.equal(turns.take(), undefined)
    await new Promise(setImmediate)
  }
})

test('small bodies get their turn many at a time', async () => {
  let now = 0
  const turns = new Turns(() => now)
  let iterations = 0
  let counting: NodeJS.Immediate
  const count = () => {
    iterations++
    counting = setImmediate(count)
  }
  counting = setImmediate(count)
  turns.take()
  now += 20
  const waiting = Array.from({ length: 100 }, () => turns.take()!.then(() => (now += 0.01)))
  await Promise.all(waiting)
  clearImmediate(counting)
  assert.ok(iterations < 12, `${iterations}`)
})
