import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { EPOCH, Harness, type Output, type TestPoint } from './harness.ts'

const SIZES_S = [1, 10, 60]
const CONFIG = { windows: ['1s', '10s', '1m'], allowed_lateness: '2s', late: 'add' }

type Step =
  | { readonly kind: 'send'; readonly points: TestPoint[] }
  | { readonly kind: 'advance'; readonly seconds: number }
  | { readonly kind: 'restart' }

const GROUPS: Record<string, string>[] = [{}, { route: '/a' }, { route: '/b' }]
const point = fc.record({
  at: fc.integer({ min: -20_000, max: 1000 }).map(ms => ms / 1000),
  value: fc.integer({ min: 0, max: 9 }),
  attributes: fc.constantFrom(...GROUPS)
})
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('send' as const), points: fc.array(point, { maxLength: 20 }) })
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), seconds: fc.integer({ min: 1, max: 30 }) })
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) }
)

/** Runs the steps; times of points are relative to the clock. Returns what came out and what went in. */
async function run(steps: readonly Step[]): Promise<{ outputs: Output[]; sent: TestPoint[]; imbalance: number }> {
  const outputs: Output[] = []
  const sent: TestPoint[] = []
  let weir = await new Harness(CONFIG, { ...testContext('windowed_counter'), durable: true }).start()
  let seconds = 0
  for (const step of steps) {
    if (step.kind === 'advance') weir.advanceTo((seconds += step.seconds))
    else if (step.kind === 'send') {
      const points = step.points.map(point => ({ ...point, at: point.at + seconds }))
      sent.push(...points)
      await weir.send(...points)
    } else weir = await restarted(weir, seconds, outputs)
  }
  weir.advanceTo(seconds + 200)
  outputs.push(...weir.outputs)
  return { outputs, sent, imbalance: weir.context.account.imbalance }
}

/** Another process, which knows only the bytes. */
async function restarted(old: Harness, seconds: number, outputs: Output[]): Promise<Harness> {
  await old.host.finish()
  const bytes = old.processor.snapshot!()
  await old.processor.stop?.(AbortSignal.abort())
  outputs.push(...old.outputs)
  const fresh = new Harness(CONFIG, { ...testContext('windowed_counter'), durable: true })
  fresh.context.clock.advance(seconds * 1000)
  fresh.processor.restore!(bytes)
  return fresh.start()
}

const seriesOf = (attributes: Record<string, string> = {}, extra: Record<string, string>) => {
  const labels = Object.entries({ ...attributes, ...extra }).sort(([a], [b]) => (a < b ? -1 : 1))
  return `requests{${labels.map(pair => pair.join('=')).join()}}`
}

it('in any order, with lateness and restarts at any point, all windows and totals agree with the points sent', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
      const { outputs, sent, imbalance } = await run(steps)
      assert.equal(imbalance, 0)
      for (const attributes of GROUPS) {
        const own = sent.filter(point => JSON.stringify(point.attributes) === JSON.stringify(attributes))
        const want = own.reduce((sum, point) => sum + point.value!, 0)
        for (const size of SIZES_S) checkSize(outputs, own, attributes, size, want)
        const totals = outputs.filter(output => output.series === seriesOf(attributes, {}))
        assert.equal(totals.at(-1)?.value ?? 0, want, 'the cumulative series ends at the sum')
        for (let i = 1; i < totals.length; i++) {
          assert.ok(totals[i].value >= totals[i - 1].value && totals[i].at > totals[i - 1].at, 'it only grows')
        }
      }
    }),
    { numRuns: 150 }
  )
})

function checkSize(
  outputs: Output[],
  own: TestPoint[],
  attributes: Record<string, string>,
  size: number,
  want: number
): void {
  const window = size === 60 ? '1m' : `${size}s`
  const onTime = outputs.filter(output => output.series === seriesOf(attributes, { window }))
  const late = outputs.filter(output => output.series === seriesOf(attributes, { late: 'true', window }))
  const sum = [...onTime, ...late].reduce((total, output) => total + output.value, 0)
  assert.equal(sum, want, `windows of ${window} and the late points make the sum`)
  assert.equal(new Set(onTime.map(({ at }) => at)).size, onTime.length, 'a window is sent once')
  assert.equal(new Set(late.map(({ at }) => at)).size, late.length, 'also its late part')
  for (const { at, value } of onTime) {
    const end = EPOCH + at * 1000
    const inside = own.filter(
      point => Math.floor((EPOCH + point.at * 1000) / (size * 1000)) * size * 1000 === end - size * 1000
    )
    assert.ok(value <= inside.reduce((total, point) => total + point.value!, 0), 'a window holds nothing of another')
  }
}
