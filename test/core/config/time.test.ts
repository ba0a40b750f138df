import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkCorrections } from '../../../core/config/corrections.ts'
import { substitute } from '../../../core/config/environment.ts'
import { Problems } from '../../../core/config/problems.ts'
import type { ResolvedConfig } from '../../../core/config/resolved.ts'

/** Less than this may be another process, or the garbage collector. */
const NOISE_MS = 100

/** The best of some runs, ms. */
function timeOf(run: () => void): number {
  const times = Array.from({ length: 5 }, () => {
    const begun = performance.now()
    run()
    return performance.now() - begun
  })
  return Math.min(...times)
}

test('regression: references that are not closed took the square of their number', () => {
  const open = (times: number) =>
    timeOf(() => void substitute('${env::-'.repeat(times), {}, { problem() {}, filledIn() {} }))
  open(500)
  const [one, four] = [open(3000), open(12_000)]
  assert.ok(four < Math.max(NOISE_MS, one * 10), `${one} ms for n, ${four} ms for 4 n`)
})

test('regression: pipelines that feed each other two and two took twice as long for each step', () => {
  const steps = 16
  const problems = new Problems()
  const ms = timeOf(() => checkCorrections(diamonds(steps), problems))
  assert.match(problems.format(), /processor "amending" corrects values it has sent .*, but exporter "plain" cannot/)
  assert.ok(ms < NOISE_MS, `${ms} ms`)
})

test('regression: the problems of a position were looked up among all problems', () => {
  const at = (line: number) => ({ file: 'weir.yaml', line, column: 1 })
  const blamed = (count: number) =>
    timeOf(() => {
      const problems = new Problems()
      for (let line = 1; line <= count; line++) if (!problems.hasErrorAt(at(line))) problems.error(at(line), 'no')
      assert.equal(problems.hasErrorAt(at(count)), true)
      assert.equal(problems.hasErrorAt(at(count + 1)), false)
    })
  blamed(2000)
  const [one, four] = [blamed(5000), blamed(20_000)]
  assert.ok(four < Math.max(NOISE_MS, one * 10), `${one} ms for n, ${four} ms for 4 n`)
})

/** Two pipelines a step, each fed by both of the step before; a processor of the first corrects what it sent. */
function diamonds(steps: number): ResolvedConfig {
  const pipelines: Record<string, object> = {}
  const position = { file: 'weir.yaml', line: 1, column: 1 }
  for (let step = 0; step < steps; step++)
    for (const side of ['a', 'b'])
      pipelines[`${side}${step}`] = {
        receivers: step === 0 ? ['r'] : [`pipeline/a${step - 1}`, `pipeline/b${step - 1}`],
        processors: step === 0 ? ['amending'] : [],
        exporters: step === steps - 1 ? ['plain'] : []
      }
  return {
    components: {
      processor: new Map([['amending', { plugin: { kind: 'processor', corrects: () => true }, position }]]),
      exporter: new Map([['plain', { plugin: { kind: 'exporter' }, position }]])
    },
    service: { pipelines }
  } as never
}
