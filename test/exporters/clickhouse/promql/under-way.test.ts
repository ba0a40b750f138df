import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnderWay } from '../../../../exporters/clickhouse/promql/under-way.ts'

const NEVER = new AbortController().signal

function asking() {
  const asked: {
    readonly signal: AbortSignal
    readonly resolve: (answer: string) => void
    readonly reject: (why: Error) => void
  }[] = []
  const ask = (signal: AbortSignal) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    asked.push({ signal, resolve, reject })
    return promise
  }
  return { asked, ask, underWay: new UnderWay<string>() }
}

test('what is under way is asked once, and then anew', async () => {
  const { asked, ask, underWay } = asking()
  const answers = [underWay.get('a', ask, NEVER), underWay.get('a', ask, NEVER), underWay.get('b', ask, NEVER)]
  assert.equal(asked.length, 2)
  asked[0].resolve('of a')
  asked[1].resolve('of b')
  assert.deepEqual(await Promise.all(answers), ['of a', 'of a', 'of b'])
  const again = underWay.get('a', ask, NEVER)
  assert.equal(asked.length, 3)
  asked[2].resolve('newer')
  assert.equal(await again, 'newer')
})

test('it goes on for others, and is stopped when nobody waits for it', async () => {
  const { asked, ask, underWay } = asking()
  const [first, second] = [new AbortController(), new AbortController()]
  const answers = [underWay.get('a', ask, first.signal), underWay.get('a', ask, second.signal)]
  first.abort(new Error('gone'))
  await assert.rejects(answers[0], /gone/)
  assert.equal(asked[0].signal.aborted, false)
  second.abort(new Error('gone too'))
  await assert.rejects(answers[1], /gone too/)
  assert.equal(asked[0].signal.aborted, true)
  // Whoever comes then does not get an answer that was stopped.
  void underWay.get('a', ask, NEVER)
  assert.equal(asked.length, 2)
})

test('a failure is that of all who wait, and of nobody else', async () => {
  const { asked, ask, underWay } = asking()
  const answers = [underWay.get('a', ask, NEVER), underWay.get('a', ask, NEVER)]
  asked[0].reject(new Error('broken'))
  for (const answer of answers) await assert.rejects(answer, /broken/)
  void underWay.get('a', ask, NEVER)
  assert.equal(asked.length, 2)
})
