import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openState } from '../../../core/model/saved-state.ts'
import { runThrough } from '../../../core/model/stepwise.ts'
import { WindowEngine } from '../../../core/windows/engine.ts'
import { Groups } from '../../../core/windows/groups/groups.ts'
import type { RuleSettings } from '../../../core/windows/settings.ts'
import { testBatch, testContext } from '../../../sdk/plugin/testing.ts'
import { durableEngine, EPOCH, ruleOf, settingsOf, type TestPoint, tumbling, WindowHarness } from './harness.ts'

const MINUTE = { ...settingsOf(ruleOf()), maxStaleMs: 60_000 }
const withRule = (rule: Partial<RuleSettings>) => ({ ...MINUTE, rules: [ruleOf(rule)] })
const groupsOf = (weir: WindowHarness) => weir.readings.get('groups')!()
const host = <T extends Partial<TestPoint>>(name: string, more: T = {} as T) => ({
  attributes: { host: name },
  ...more
})

/** Sends `points` each second from one time to another. Seconds after the epoch. */
async function sendEach(weir: WindowHarness, from: number, to: number, ...points: Omit<TestPoint, 'at'>[]) {
  for (let second = from; second < to; second++) {
    await weir.send(...points.map(point => ({ ...point, at: second + 0.5 })))
    weir.advanceTo(second + 1)
  }
}

describe('groups that are silent', () => {
  it('expire after max_stale and a quarter of it at most, and begin anew when they come back', async () => {
    const weir = await durableEngine(MINUTE).start()
    await weir.send(host('old', { at: 0.5, value: 3 }), host('kept', { at: 0.5 }))
    weir.advanceTo(1)
    await sendEach(weir, 1, 58, host('kept'))
    assert.equal(groupsOf(weir), 2, 'it was not silent for a minute')
    await sendEach(weir, 58, 85, host('kept'))
    assert.equal(groupsOf(weir), 1)
    await sendEach(weir, 85, 86, host('old', { value: 5 }), host('kept'))
    weir.advanceTo(95)
    assert.deepEqual(weir.of('requests{host=old}'), { 0: 0, 1: 3, 85: 0, 86: 5 })
    assert.equal(weir.of('requests{host=kept}')[86], 86, 'it counts since its beginning')
  })

  it('stay while a window has them', async () => {
    const weir = await durableEngine(
      withRule({ windows: [tumbling(1000), tumbling(600_000)], output: ['delta'] })
    ).start()
    await weir.send(host('old', { at: 0.5, value: 3 }))
    await sendEach(weir, 1, 300, host('kept'))
    assert.equal(groupsOf(weir), 2)
  })

  it('expire after an hour unless the configuration says otherwise, or after two of the largest windows', async () => {
    for (const [largest, hours] of [
      [1000, 1],
      [3_600_000, 2]
    ]) {
      const weir = await durableEngine(settingsOf(ruleOf({ windows: [tumbling(largest)] }))).start()
      await weir.send(host('old', { at: 0.5 }))
      const sizes: number[] = []
      for (let minutes = 10; minutes <= 60 * hours + 90; minutes += 10) {
        weir.advanceTo(minutes * 60)
        await weir.send(host('kept', { at: minutes * 60 }))
        sizes.push(groupsOf(weir))
      }
      const goneAfter = (sizes.indexOf(1) + 1) * 10
      const least = 60 * hours
      assert.ok(goneAfter > least && goneAfter <= least + largest / 60_000 + 30, `${goneAfter} minutes`)
    }
  })

  it('make room: series that were in the overflow group get groups of their own', async () => {
    const weir = await durableEngine(withRule({ maxGroups: 2 })).start()
    await weir.send(host('a', { at: 0.5 }), host('b', { at: 0.6 }))
    weir.advanceTo(1)
    await sendEach(weir, 1, 90, host('late'))
    weir.advanceTo(100)
    const [overflow, own] = ['otel.metric.overflow=true', 'host=late'].map(name =>
      Object.values(weir.of(`requests{${name}}`))
    )
    assert.ok(own.length > 10 && overflow.length > 60, `${own.length} points of its own`)
    assert.equal(Math.max(...overflow) + Math.max(...own), 89)
  })
})

describe('cumulative series', () => {
  const cumulative = { metric: { temporality: 'cumulative' } } as const

  it('regression: a series that had expired counted from its start once more when it came back', async () => {
    const weir = await durableEngine(MINUTE).start()
    const series = (name: string, start: number, at: number, value: number) =>
      host(name, { at, value, start, ...cumulative })
    await weir.send(series('old', 0.1, 0.5, 3))
    await sendEach(weir, 1, 90, host('kept'))
    await weir.send(series('old', 0.1, 90.5, 10), series('new', 0.2, 90.5, 4), series('same start', 0.1, 90.5, 5))
    weir.advanceTo(91)
    await weir.send(series('old', 0.1, 91.5, 12))
    weir.advanceTo(100)
    assert.deepEqual(weir.of('requests{host=old}'), { 0: 0, 1: 3, 91: 0, 92: 2 })
    assert.deepEqual(weir.of('requests{host=new}'), { 90: 0, 91: 4 }, 'it began after all that have expired')
    assert.deepEqual(weir.of('requests{host=same start}'), {})
  })

  it('that have expired are remembered over a restart by the time of their start', async () => {
    const weir = await durableEngine(MINUTE).start()
    await weir.send(host('old', { at: 0.5, value: 3, start: 0.1, ...cumulative }))
    await sendEach(weir, 1, 90, host('kept'))
    const next = durableEngine(MINUTE)
    next.context.clock.advanceTo(weir.context.clock.now())
    next.processor.restore!(weir.processor.snapshot!())
    await next.start()
    await next.send(host('old', { at: 90.5, value: 10, start: 0.1, ...cumulative }))
    next.advanceTo(100)
    assert.deepEqual(next.of('requests{host=old}'), {})
  })

  it('that go on keep their last points while others expire', async () => {
    const weir = await durableEngine(MINUTE).start()
    await weir.send(host('old', { at: 0.5, ...cumulative, start: 0.1 }))
    for (let second = 1; second < 200; second++) {
      await weir.send(host('kept', { at: second + 0.5, value: second, start: 0.1, ...cumulative }))
      weir.advanceTo(second + 1)
    }
    weir.advanceTo(210)
    assert.equal(weir.of('requests{host=kept}')[200], 199)
    assert.equal(weir.of('requests{host=kept}')[100], 99)
  })
})

describe('a run of expiry', () => {
  /** An engine with groups that expire at some time from 60 s on. Its host takes steps when asked to. */
  async function expiring(groups: number, replayed: boolean) {
    const steps: (() => boolean)[] = []
    const context = { ...testContext('windows'), replayed, inSteps: (step: () => boolean) => void steps.push(step) }
    const weir = await new WindowHarness(() => new WindowEngine(MINUTE, context), context).start()
    const send = (...points: TestPoint[]) => weir.host.push(testBatch(weir.block(points)).batch)
    const takeSteps = () => {
      let turns = 0
      for (const step of steps.splice(0))
        do turns++
        while (step())
      return turns
    }
    const old = (metric: TestPoint['metric']) =>
      Array.from({ length: groups / 2 }, (_, i) => host(`old-${i}`, { at: 0.5, value: 1, start: 0.1, metric }))
    weir.host.push(testBatch(weir.block([...old({}), ...old({ name: 'totals', temporality: 'cumulative' })])).batch)
    let second = 1
    const advance = () => {
      send(host('kept', { at: second + 0.5 }))
      weir.advanceTo(++second)
      assert.ok(second < 100, 'nothing expires')
    }
    while (second < 60) {
      advance()
      takeSteps()
    }
    return { weir, send, takeSteps, advance, steps }
  }

  it('goes in steps, and batches that come meanwhile count after it', async () => {
    const { weir, send, takeSteps, advance, steps } = await expiring(200_000, false)
    const now = () => (weir.context.clock.now() - EPOCH) / 1000
    // On a busy machine windows are emitted in steps too, but no batch waits for that.
    while (weir.context.account.inFlight === 0) {
      if (steps.length === 0) advance()
      else if (!steps[0]()) steps.shift()
      if (steps.length > 0) send(host('kept', { at: now() }))
    }
    weir.outputs.length = 0
    const at = now()
    send(host('old-7', { at, value: 5 }))
    assert.equal(weir.context.account.inFlight, 2)
    takeSteps()
    assert.equal(weir.context.account.inFlight, 0)
    assert.equal(groupsOf(weir), 2)
    // An emission in steps holds up the ones after it.
    for (let seconds = 1; seconds <= 10; seconds++) {
      weir.advanceTo(at + seconds)
      takeSteps()
    }
    assert.deepEqual(Object.values(weir.of('requests{host=old-7}')), [0, 5])
    assert.equal(weir.sumOf('requests{host=old-7,window=1s}'), 5)
    assert.equal(weir.context.account.imbalance, 0)
  })

  it('of more groups has more steps, none of which is longer', async () => {
    const [few, many] = [await expiring(20_000, true), await expiring(80_000, true)].map(
      ({ weir, takeSteps, advance }) => {
        let turns = 0
        while (groupsOf(weir) > 1) {
          advance()
          turns = takeSteps()
        }
        return turns
      }
    )
    assert.ok(many > 3 * few, `${few}, then ${many} steps`)
  })

  it('regression: after one that failed, batches waited in each emission though they could be counted', async t => {
    const { weir, send, advance, steps } = await expiring(2000, false)
    let time = performance.now()
    t.mock.method(performance, 'now', () => (time += 100))
    const { mock } = t.mock.method(Groups.prototype, 'expire')
    mock.mockImplementationOnce(() => {
      throw new Error('no memory')
    })
    const beginEmission = () => {
      while (steps.length === 0) advance()
    }
    assert.throws(() => {
      for (;;) {
        beginEmission()
        while (steps[0]());
        steps.length = 0
      }
    }, /no memory/)
    assert.equal(steps.shift()!(), false, 'nothing is left to do')
    beginEmission()
    send(host('kept', { at: 1 }))
    assert.equal(weir.context.account.inFlight, 0)
    assert.equal(mock.callCount(), 1)
  })

  it('is not repeated after a restart, and comes at the same times', async () => {
    const outputs: unknown[] = []
    for (const restartsAt of [undefined, 61, 75, 76, 89]) {
      let weir = await durableEngine(MINUTE).start()
      await weir.send(host('old', { at: 0.5, value: 3 }))
      const all: unknown[] = []
      for (let second = 1; second < 120; second++) {
        if (second === restartsAt) {
          const bytes = weir.processor.snapshot!()
          all.push(...weir.outputs)
          const next = durableEngine(MINUTE)
          next.context.clock.advanceTo(weir.context.clock.now())
          next.processor.restore!(bytes)
          weir = await next.start()
        }
        await weir.send(
          host('kept', { at: second + 0.5 }),
          ...(second > 72 && second < 80 ? [host('old', { at: second + 0.5 })] : [])
        )
        weir.advanceTo(second + 1)
      }
      outputs.push([...all, ...weir.outputs])
    }
    for (const output of outputs.slice(1)) assert.deepEqual(output, outputs[0])
  })

  it('goes by the time that is configured after a reload', async () => {
    const before = await durableEngine(MINUTE).start()
    await before.send(host('old', { at: 0.5 }))
    await sendEach(before, 1, 50, host('kept'))
    const bytes = before.processor.snapshot!()
    const sizes = await Promise.all(
      [60_000, 120_000, undefined].map(async maxStaleMs => {
        const weir = durableEngine({ ...MINUTE, maxStaleMs })
        weir.context.clock.advanceTo(before.context.clock.now())
        weir.processor.restore!(bytes)
        await weir.start()
        await sendEach(weir, 50, 100, host('kept'))
        const atFirst = groupsOf(weir)
        await sendEach(weir, 100, 200, host('kept'))
        return [atFirst, groupsOf(weir)]
      })
    )
    assert.deepEqual(sizes, [
      [1, 1],
      [2, 1],
      [2, 2]
    ])
  })

  it('is remembered by its time', async () => {
    const weir = await durableEngine(MINUTE).start()
    await sendEach(weir, 0, 40, host('kept'))
    const { lastExpiry } = openState(8, runThrough(weir.processor.snapshotInSteps!())) as { lastExpiry: number }
    assert.equal(Math.floor((weir.context.clock.now() - lastExpiry) / 15_000), 0)
  })
})
