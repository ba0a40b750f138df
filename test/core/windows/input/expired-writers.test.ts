import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { durableEngine, ruleOf, settingsOf, type TestPoint, type WindowHarness } from '../harness.ts'

const SETTINGS = { ...settingsOf(ruleOf({ by: ['pod', 'route'] })), maxStaleMs: 60_000 }
/** Starts of two processes. The second one ends after a second. */
const OLD_POD = 0.1
const YOUNG_POD = 0.2
/** When writers that ended in the first second have expired. */
const EXPIRED = 90

/** A point of a cumulative counter. Seconds after the epoch. */
const point = (pod: string, route: string, start: number, at: number, value: number): TestPoint => ({
  resource: { pod },
  attributes: { route },
  start,
  at,
  value,
  metric: { temporality: 'cumulative' }
})

/** Keeps the first process alive up to a second. */
async function keepAlive(weir: WindowHarness, from: number, to: number) {
  for (let second = from; second < to; second++) {
    await weir.send(point('old', '/', OLD_POD, second + 0.5, second))
    weir.advanceTo(second + 1)
  }
}

/** An engine in which the second process has expired. */
async function withExpired(): Promise<WindowHarness> {
  const weir = await durableEngine(SETTINGS).start()
  await weir.send(point('young', '/', YOUNG_POD, 0.5, 3))
  await keepAlive(weir, 0, EXPIRED)
  return weir
}

async function restarted(weir: WindowHarness): Promise<WindowHarness> {
  const next = durableEngine(SETTINGS)
  next.context.clock.advanceTo(weir.context.clock.now())
  next.processor.restore!(weir.processor.snapshot!())
  return next.start()
}

/** What a point, and one a second later that counts 2 more, add. */
async function added(weir: WindowHarness, pod: string, route: string, start: number): Promise<number[]> {
  const adds = [10, 12].map((value, i) => point(pod, route, start, EXPIRED + i + 0.5, value))
  for (const one of adds) await weir.send(one)
  weir.advanceTo(EXPIRED + 10)
  const windows = weir.of(`requests{pod=${pod},route=${route},window=1s}`)
  return [1, 2].map(i => windows[EXPIRED + i] ?? 0)
}

describe('after a process has expired', () => {
  const CASES: [string, pod: string, route: string, start: number, number[]][] = [
    ['a new series of an older process that lives', 'old', '/new', OLD_POD, [10, 2]],
    ['a new series of a process that is new, though older', 'third', '/', 0.15, [10, 2]],
    ['the same series of it', 'young', '/', YOUNG_POD, [0, 2]],
    ['another series of it, which may have been counted too', 'young', '/new', YOUNG_POD, [0, 2]],
    ['the same series of it after a restart', 'young', '/', 50, [10, 2]]
  ]
  for (const [name, pod, route, start, want] of CASES)
    it(`${name} adds ${want[0] === 0 ? 'nothing' : 'all'} with its first point`, async () => {
      assert.deepEqual(await added(await withExpired(), pod, route, start), want)
      assert.deepEqual(await added(await restarted(await withExpired()), pod, route, start), want, 'restored')
    })

  it('two writers of one resource are one process: the later start counts for both', async () => {
    const weir = await durableEngine(SETTINGS).start()
    await weir.send(point('young', '/a', 0.2, 0.5, 3), point('young', '/b', 0.3, 0.5, 3))
    await keepAlive(weir, 0, EXPIRED)
    const starts = [0.2, 0.3, 0.4]
    await weir.send(...starts.map(start => point('young', `/${start}`, start, EXPIRED + 0.5, 10)))
    weir.advanceTo(EXPIRED + 10)
    const sums = starts.map(start => weir.sumOf(`requests{pod=young,route=/${start},window=1s}`))
    assert.deepEqual(sums, [0, 0, 10])
  })

  it('one of two writers that send under one identity goes on', async () => {
    const weir = await durableEngine(SETTINGS).start()
    await weir.send(point('young', '/', 0.2, 0.5, 3), point('young', '/', 0.3, 0.5, 5))
    for (let second = 1; second < EXPIRED; second++) {
      await weir.send(point('young', '/', 0.3, second + 0.5, 5 + second))
      weir.advanceTo(second + 1)
    }
    await weir.send(point('young', '/', 0.2, EXPIRED + 0.5, 10), point('young', '/', 0.3, EXPIRED + 0.5, 5 + EXPIRED))
    weir.advanceTo(EXPIRED + 10)
    assert.equal(weir.of('requests{pod=young,route=/,window=1s}')[EXPIRED + 1], 1, 'the other one adds nothing')
  })
})

it('processes beyond the bound are not counted twice', async () => {
  const PODS = 15_000
  const weir = await durableEngine(SETTINGS).start()
  const pods = (from: number, to: number, at: number, value: number) =>
    Array.from({ length: to - from }, (_, i) => point(`pod-${from + i}`, '/', (1 + from + i) / PODS, at, value))
  await weir.send(...pods(0, PODS, 2, 3))
  await keepAlive(weir, 2, EXPIRED)
  weir.outputs.length = 0
  await weir.send(...pods(0, PODS, EXPIRED + 0.5, 10))
  weir.advanceTo(EXPIRED + 1)
  await weir.send(...pods(0, PODS, EXPIRED + 1.5, 12))
  weir.advanceTo(EXPIRED + 10)
  const added = new Map<string, number>()
  for (const { series, value } of weir.outputs)
    if (series.endsWith('window=1s}')) added.set(series, (added.get(series) ?? 0) + value)
  added.delete('requests{pod=old,route=/,window=1s}')
  assert.equal(added.size, PODS)
  assert.deepEqual(new Set(added.values()), new Set([2]))
})
