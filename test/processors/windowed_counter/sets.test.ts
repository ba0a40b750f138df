import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type PointBlock, PointBlockBuilder, sortAttributes } from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { EPOCH, Harness } from './harness.ts'

const STANDARD_ERROR = 1.04 / Math.sqrt(2 ** 14)
const WINDOWS = { windows: ['1s', '10s'] }
const durable = () => ({ ...testContext('windowed_counter'), durable: true })

interface SetPoint {
  readonly at: number
  readonly members: readonly string[]
  readonly route?: string
}

function sets(weir: Harness, points: readonly SetPoint[]): PointBlock {
  const metric = { name: 'users', unit: '', description: '', kind: 'set', temporality: 'delta' } as const
  const builder = new PointBlockBuilder()
  for (const { at, members, route } of points) {
    const attributes = route === undefined ? [] : sortAttributes([['route', route]])
    const series = weir.context.series.intern(metric, attributes)
    builder.addDistribution(series, EPOCH + at * 1000, { kind: 'set', members })
  }
  return builder.build()
}

const members = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `user-${from + i}`)

async function restarted(old: Harness, seconds: number): Promise<Harness> {
  await old.host.finish()
  const fresh = new Harness(WINDOWS, durable())
  fresh.context.clock.advance(seconds * 1000)
  fresh.processor.restore!(old.processor.snapshot!())
  await old.processor.stop?.(AbortSignal.abort())
  return fresh.start()
}

describe('windowed_counter of sets', () => {
  it('counts distinct members per window, exactly where they are few', async () => {
    const weir = await new Harness(WINDOWS).start()
    for (let at = 0; at < 10; at++) {
      weir.advanceTo(at)
      await weir.sendBlock(sets(weir, [{ at, members: members(at * 20, at * 20 + 60) }]))
      await weir.sendBlock(sets(weir, [{ at: at + 0.5, members: members(at * 20, at * 20 + 60) }]))
    }
    weir.advanceTo(30)
    assert.deepEqual(Object.values(weir.of('users.unique{window=1s}')), Array(10).fill(60))
    assert.deepEqual(weir.of('users.unique{window=10s}'), { 10: 240 })
    assert.equal(weir.context.account.imbalance, 0)
  })

  it('is the sketch of a set, and nothing goes on from window to window', async () => {
    const weir = await new Harness(WINDOWS).start()
    const kinds = new Set<string>()
    weir.onBatch = batch => {
      for (const { metric } of (batch.block as PointBlock).series) kinds.add(`${metric.kind} ${metric.temporality}`)
      batch.ack()
    }
    await weir.sendBlock(sets(weir, [{ at: 0, members: ['a', 'b', 'a'] }]))
    weir.advanceTo(30)
    assert.deepEqual([...kinds], ['set delta'])
    assert.deepEqual(
      weir.outputs.map(({ series }) => series),
      ['users.unique{window=1s}', 'users.unique{window=10s}']
    )
  })

  it('100,000 members are within three standard errors; 10s is as if counted at once', async () => {
    const weir = await new Harness(WINDOWS).start()
    const direct = await new Harness({ windows: ['10s'] }).start()
    for (let at = 0; at < 10; at++) {
      for (const one of [weir, direct]) {
        one.advanceTo(at)
        await one.sendBlock(sets(one, [{ at, members: members(at * 10_000, (at + 1) * 10_000) }]))
      }
    }
    weir.advanceTo(30)
    direct.advanceTo(30)
    const unique = weir.of('users.unique{window=10s}')[10]
    assert.ok(Math.abs(unique / 100_000 - 1) < 3 * STANDARD_ERROR, `${unique}`)
    assert.equal(direct.of('users.unique{window=10s}')[10], unique)
    assert.equal(weir.context.account.imbalance, 0)
  })

  it('sources that name the same members count them once, by group', async () => {
    const weir = await new Harness({ ...WINDOWS, by: [] }).start()
    await weir.sendBlock(sets(weir, [{ at: 0, members: ['a', 'b'], route: '/x' }]))
    await weir.sendBlock(sets(weir, [{ at: 0.1, members: ['b', 'c'], route: '/y' }]))
    weir.advanceTo(30)
    assert.deepEqual(weir.of('users.unique{window=1s}'), { 1: 3 })
    const apart = await new Harness({ ...WINDOWS, by: ['route'] }).start()
    await apart.sendBlock(sets(apart, [{ at: 0, members: ['a', 'b'], route: '/x' }]))
    await apart.sendBlock(sets(apart, [{ at: 0.1, members: ['b', 'c', 'd'], route: '/y' }]))
    apart.advanceTo(30)
    assert.deepEqual(apart.of('users.unique{route=/x,window=1s}'), { 1: 2 })
    assert.deepEqual(apart.of('users.unique{route=/y,window=1s}'), { 1: 3 })
  })

  it('late members count in larger windows still open, and in a late series', async () => {
    const weir = await new Harness({ windows: ['1s', '1m'] }).start()
    await weir.sendBlock(sets(weir, [{ at: 0.5, members: ['a', 'b'] }]))
    weir.advanceTo(20)
    await weir.sendBlock(sets(weir, [{ at: 0.7, members: ['b', 'c'] }]))
    weir.advanceTo(60)
    assert.deepEqual(weir.of('users.unique{window=1s}'), { 1: 2 })
    assert.deepEqual(Object.values(weir.of('users.unique{late=true,window=1s}')), [2])
    assert.deepEqual(weir.of('users.unique{window=1m}'), { 40: 3 })
    assert.equal(weir.context.account.imbalance, 0)
  })

  it('late: drop drops and counts them', async () => {
    const weir = await new Harness({ ...WINDOWS, late: 'drop' }).start()
    await weir.sendBlock(sets(weir, [{ at: 0.5, members: ['a'] }]))
    weir.advanceTo(20)
    await weir.sendBlock(sets(weir, [{ at: 0.7, members: ['b'] }]))
    weir.advanceTo(60)
    assert.deepEqual(weir.of('users.unique{window=10s}'), { 10: 1 })
    assert.equal(weir.context.account.dropped.get('late'), 1)
    assert.equal(weir.context.account.imbalance, 0)
  })

  it('a restart in the middle of a window loses and repeats nothing', async () => {
    const large = members(0, 20_000)
    const first = await new Harness(WINDOWS, durable()).start()
    await first.sendBlock(sets(first, [{ at: 0.1, members: [...large, 'x'] }]))
    await first.sendBlock(sets(first, [{ at: 0.2, members: ['a', 'b'], route: '/few' }]))
    const second = await restarted(first, 0.5)
    await second.sendBlock(sets(second, [{ at: 0.6, members: members(10_000, 40_000) }]))
    await second.sendBlock(sets(second, [{ at: 0.7, members: ['b', 'c'], route: '/few' }]))
    second.advanceTo(30)
    const whole = await new Harness(WINDOWS).start()
    await whole.sendBlock(sets(whole, [{ at: 0, members: [...members(0, 40_000), 'x'] }]))
    whole.advanceTo(30)
    for (const window of ['1s', '10s']) {
      const series = `users.unique{window=${window}}`
      assert.deepEqual(second.of(series), whole.of(series))
      assert.deepEqual(Object.values(second.of(`users.unique{route=/few,window=${window}}`)), [3])
    }
    assert.equal(second.context.account.imbalance, 0)
  })

  it('the same input makes the same bytes: of state and of output', async () => {
    const runs: [Buffer, unknown][] = []
    for (let run = 0; run < 2; run++) {
      const weir = await new Harness(WINDOWS, durable()).start()
      for (let at = 0; at < 5; at++) {
        weir.advanceTo(at)
        await weir.sendBlock(sets(weir, [{ at, members: members(at * 300, at * 300 + 700) }]))
      }
      runs.push([Buffer.from(weir.processor.snapshot!()), weir.outputs])
    }
    assert.deepEqual(runs[0], runs[1])
  })

  it('where no windows are sent, sets pass through', async () => {
    const weir = await new Harness({ ...WINDOWS, output: ['cumulative'] }).start()
    await weir.sendBlock(sets(weir, [{ at: 0, members: ['a', 'b'] }]))
    assert.deepEqual(weir.of('users{}'), { 0: 2 })
    assert.equal(weir.context.account.imbalance, 0)
  })

  it('members of groups beyond max_groups count together', async () => {
    const weir = await new Harness({ ...WINDOWS, max_groups: 1 }).start()
    for (const route of ['/a', '/b', '/c']) await weir.sendBlock(sets(weir, [{ at: 0, members: ['x', route], route }]))
    weir.advanceTo(30)
    assert.deepEqual(weir.of('users.unique{otel.metric.overflow=true,window=1s}'), { 1: 3 })
  })

  it('in any order, with restarts and lateness, no window counts more or less than came for it', async () => {
    const send = fc.record({ ago: fc.nat(15), members: fc.array(fc.nat(30), { maxLength: 8 }) })
    const step = fc.oneof(send, fc.constant('restart' as const), fc.integer({ min: 1, max: 8 }))
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
        let weir = await new Harness(WINDOWS, durable()).start()
        const before: Harness[] = []
        const sent = new Map<number, Set<number>>()
        let now = 0
        for (const step of steps) {
          if (typeof step === 'number') weir.advanceTo((now += step))
          else if (step === 'restart') {
            before.push(weir)
            weir = await restarted(weir, now)
          } else {
            const at = Math.max(0, now - step.ago) + 0.25
            const own = sent.get(Math.floor(at / 10)) ?? new Set()
            sent.set(Math.floor(at / 10), own)
            for (const member of step.members) own.add(member)
            await weir.sendBlock(sets(weir, [{ at, members: step.members.map(String) }]))
          }
        }
        weir.advanceTo(now + 40)
        for (const run of [...before, weir]) assert.equal(run.context.account.imbalance, 0)
        const outputs = [...before, weir].flatMap(run => run.outputs)
        for (const [index, own] of sent) {
          const onTime = outputs.filter(
            ({ series, at }) => series === 'users.unique{window=10s}' && at === index * 10 + 10
          )
          const late = outputs.filter(({ series }) => series === 'users.unique{late=true,window=10s}')
          assert.ok(onTime.length <= 1)
          const unique = onTime.at(0)?.value ?? 0
          if (late.length === 0) assert.equal(unique, own.size)
          else assert.ok(unique <= own.size)
        }
      }),
      { numRuns: 60 }
    )
  })
})
