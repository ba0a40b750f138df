import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { openState, sealInSteps } from '../../../core/model/saved-state.ts'
import { runThrough } from '../../../core/model/stepwise.ts'
import type { RuleSettings, WindowSettings } from '../../../core/windows/settings.ts'
import { type Attributes, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { durableEngine, EPOCH, type Output, ruleOf, settingsOf, tumbling, type WindowHarness } from './harness.ts'
import { fill, SETTINGS as VERSION_6 } from './version-6.ts'

const WINDOWS = [tumbling(1000), tumbling(60_000)]
const USUAL = ruleOf({ windows: WINDOWS })
const ROUTES = ruleOf({
  windows: WINDOWS,
  aggregations: ['max', 'unique'],
  attribute: 'route',
  name: 'routes.{aggregation}.{name}',
  late: 'amend'
})
const SETTINGS = settingsOf(USUAL, ROUTES)
/** So many bytes, evenly spread, are damaged in turn. */
const PLACES = 200

async function saved(): Promise<Uint8Array> {
  const weir = await durableEngine(SETTINGS).start()
  await weir.send({ at: 0.5, attributes: { route: '1' } }, { at: 0.7, metric: { temporality: 'cumulative' } })
  weir.advanceTo(10)
  await weir.send({ at: 0.6, attributes: { route: '2' } }, { at: 9.9, attributes: { route: '3' } })
  return weir.processor.snapshot!()
}

const restore = (bytes: Uint8Array, settings: WindowSettings = SETTINGS) =>
  durableEngine(settings).processor.restore!(bytes)

describe('a snapshot', () => {
  it('is refused where any byte is damaged, or the end is missing', async () => {
    const bytes = await saved()
    restore(bytes)
    for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / PLACES)) {
      const damaged = Uint8Array.from(bytes)
      damaged[at] ^= 1 << (at % 8)
      assert.throws(() => restore(damaged), /it is damaged|it has version/, `byte ${at}`)
      assert.throws(() => restore(bytes.subarray(0, at)), /it is damaged/, `cut off at ${at}`)
    }
  })

  it('has the same bytes in steps', async () => {
    const weir = await filled(3000)
    assert.deepEqual(stepsOf(weir).bytes, weir.processor.snapshot!())
  })

  it('of more groups has more steps, none of which is longer: the bytes written at once do not grow', async () => {
    const [few, many] = [await measured(3000), await measured(12_000)]
    // Its numbers have some digits more.
    assert.ok(many.outlineBytes <= few.outlineBytes * 1.1, `${few.outlineBytes}, then ${many.outlineBytes} bytes`)
    assert.ok(many.bytes > few.bytes * 3.5, `${few.bytes}, then ${many.bytes} bytes`)
    assert.ok(many.steps > few.steps * 3, `${few.steps}, then ${many.steps} steps`)
  })

  it('is refused where another version wrote it', async () => {
    const other = Uint8Array.from(await saved())
    other[0] = 5
    assert.throws(() => restore(other), /it has version 5, this Weir reads versions 6 to 8/)
  })

  const sizes = (...sizesMs: number[]): Partial<RuleSettings> => ({ windows: sizesMs.map(tumbling) })
  const CHANGES: [string, RuleSettings[], RegExp][] = [
    [
      'windows',
      [ruleOf(sizes(5000, 10_000)), { ...ROUTES, ...sizes(5000, 10_000) }],
      /rule 1 had windows of 1s, 1m and has windows of 5s, 10s now; start with the configuration it had and run `weir reload`/
    ],
    [
      'aggregations',
      [{ ...USUAL, aggregations: ['max'] }, ROUTES],
      /rule 1 had the usual aggregations and has aggregations max now/
    ],
    [
      'the attribute',
      [USUAL, { ...ROUTES, attribute: 'x' }],
      /rule 2 had the attribute route and has the attribute x now/
    ],
    [
      'buckets',
      [USUAL, ROUTES].map(rule => ({ ...rule, buckets: false })),
      /rule 1 had buckets of scale 5 and has no buckets now/
    ],
    ['the number of rules', [USUAL], /rule 2 is no longer configured; start with the configuration it had/]
  ]
  for (const [setting, rules, want] of CHANGES)
    it(`is refused where ${setting} changed`, async () => {
      const bytes = await saved()
      assert.throws(() => restore(bytes, settingsOf(...rules)), want)
    })

  it('of version 6 that an earlier Weir wrote is read: all that follows is as if it had gone on itself', async () => {
    const live = await durableEngine(VERSION_6).start()
    await fill(live)
    live.outputs.length = 0
    const restored = durableEngine(VERSION_6)
    restored.context.clock.advanceTo(live.context.clock.now())
    restored.processor.restore!(readFileSync(path.join(import.meta.dirname, 'version-6.snapshot')))
    await restored.start()
    for (const weir of [live, restored]) weir.advanceTo(60)
    assert.ok(live.outputs.length > 50, `${live.outputs.length} points`)
    assert.deepEqual(restored.outputs, live.outputs)
  })

  it('of version 7, which has the hour of the last expiry, goes on from that hour', async () => {
    const HOUR_MS = 3_600_000
    const hour = Math.floor(EPOCH / HOUR_MS)
    const { lastExpiry, ...rest } = openState(8, await saved()) as { lastExpiry: number }
    assert.equal(lastExpiry, EPOCH)
    const weir = durableEngine(SETTINGS)
    weir.processor.restore!(runThrough(sealInSteps(7, { ...rest, sweptHour: hour })))
    await weir.start()
    const { lastExpiry: restored } = openState(8, weir.processor.snapshot!()) as { lastExpiry: number }
    assert.equal(restored, hour * HOUR_MS)
  })

  it('is of its rules wherever they stand, and others begin beside them', async () => {
    const [added, a, b] = ['added', 'a', 'b'].map(name => ruleOf({ match: { name }, output: ['delta'] }))
    const before = await durableEngine(settingsOf(a, b)).start()
    await before.send(...['a', 'b', 'b'].map(name => ({ at: 0.5, metric: { name } })))
    const after = durableEngine(settingsOf(b, added, a))
    after.processor.restore!(before.processor.snapshot!())
    await after.start()
    after.advanceTo(10)
    const sums = after.outputs.map(({ series, value }) => [series, value]).sort()
    assert.deepEqual(sums, [
      ['a{window=1s}', 1],
      ['b{window=1s}', 2]
    ])
  })

  it('knows that an hour has begun in which nothing was forgotten yet', async () => {
    // The epoch of these tests is 800 s past an hour. Ticks come every 175 ms, so none comes at the hour itself.
    const hourAt = (hours: number) => hours * 3600 - 800
    const settings = settingsOf(ruleOf(sizes(700)))
    const outputs: unknown[] = []
    for (const isRestarted of [false, true]) {
      let weir = await durableEngine(settings).start()
      await weir.send({ at: 0.5, name: 'old' })
      weir.advanceTo(hourAt(2) + 0.01)
      await weir.send({ at: hourAt(2), name: 'kept' })
      if (isRestarted) {
        const bytes = weir.processor.snapshot!()
        weir = durableEngine(settings)
        weir.advanceTo(hourAt(2) + 0.01)
        weir.processor.restore!(bytes)
        await weir.start()
      }
      weir.outputs.length = 0
      weir.advanceTo(hourAt(2) + 10)
      await weir.send({ at: hourAt(2) + 10, name: 'old' })
      weir.advanceTo(hourAt(2) + 20)
      outputs.push(weir.outputs)
    }
    assert.ok((outputs[0] as Output[]).some(({ series, value }) => series === 'old{}' && value === 0))
    assert.deepEqual(outputs[1], outputs[0])
  })

  it('stays as it is while the engine restored from it continues', async () => {
    const bytes = await saved()
    const untouched = Buffer.from(bytes)
    const first = durableEngine(SETTINGS)
    first.processor.restore!(bytes)
    await first.start()
    first.advanceTo(10)
    await first.send({ at: 10, attributes: { route: '3' } })
    first.advanceTo(100)
    assert.deepEqual(bytes, untouched)
  })
})

/** As many groups of every kind that has state of its own, each with a resource of its own. */
async function filled(groups: number): Promise<WindowHarness> {
  const rules = [
    ruleOf({ windows: WINDOWS, match: { name: 'h' }, aggregations: ['quantiles'] }),
    ruleOf({ windows: WINDOWS, match: { name: 's' }, attribute: 'member', aggregations: ['unique'] }),
    ruleOf({ windows: WINDOWS, match: { name: 'c' } })
  ]
  const weir = await durableEngine(settingsOf(...rules)).start()
  const { series } = weir.context
  const builder = new PointBlockBuilder()
  for (let i = 0; i < groups; i++) {
    const resource = { attributes: [['pod', `${i}`]] as const, schemaUrl: '' }
    const add = (name: string, temporality: 'delta' | 'cumulative', attributes: Attributes = []) =>
      builder.add(
        series.intern({ name, unit: '', description: '', kind: 'counter', temporality }, attributes, resource),
        EPOCH + 500,
        i + 1,
        EPOCH + 1
      )
    add('h', 'delta')
    add('s', 'delta', [['member', `${i % 7}`]])
    add('c', 'cumulative')
  }
  await weir.sendBlock(builder.build())
  return weir
}

function stepsOf({ processor }: WindowHarness) {
  const work = processor.snapshotInSteps!()
  let step = work.next()
  let steps = 1
  for (; !step.done; step = work.next()) steps++
  return { steps, bytes: step.value }
}

async function measured(groups: number) {
  const { steps, bytes } = stepsOf(await filled(groups))
  return { steps, bytes: bytes.length, outlineBytes: Buffer.from(bytes).readUInt32LE(8) }
}
