import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import plugin from '../../../processors/cumulative_to_delta/index.ts'
import adder from '../../../processors/delta_to_cumulative/index.ts'
import { runCase } from '../../cases/run-case.ts'

const STEP = fc.record({
  series: fc.integer({ min: 0, max: 2 }),
  increment: fc.integer({ min: 0, max: 9 }),
  what: fc.constantFrom('point', 'point', 'point', 'twice', 'old', 'application restarts', 'weir restarts')
})

test('however points come, the increments add up to the count', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { maxLength: 60 }), async steps => {
      const truth = [0, 0, 0]
      const counters = truth.map(() => ({ value: 0, start: 0 }))
      const lines: string[] = []
      for (const [i, { series, increment, what }] of steps.entries()) {
        const counter = counters[series]
        if (what === 'application restarts') Object.assign(counter, { value: 0, start: i + 0.5 })
        counter.value += increment
        truth[series] += increment
        const point = (time: number, value: number) =>
          `${time}s counter cumulative c${series} ${value} start=${counter.start}s\n`
        if (what === 'weir restarts') lines.push('restart\n')
        lines.push(point(i + 1, counter.value))
        if (what === 'twice') lines.push(`\n${point(i + 1, counter.value)}`)
        if (what === 'old') lines.push(point(i + 0.9, counter.value - increment))
      }
      const output = await runCase(plugin, {}, lines.join(''))
      const sums = truth.map((_, i) => sumOf(output, `c${i}`))
      assert.deepEqual(sums, truth)
    }),
    { numRuns: 60 }
  )
})

const HISTOGRAM = fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9))

test('histograms that delta_to_cumulative adds up are taken apart to the same buckets', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(HISTOGRAM, { minLength: 1, maxLength: 30 }), async histograms => {
      const lines = histograms.map((counts, i) => {
        const count = counts.reduce((a, b) => a + b)
        const fields = `{count: ${count}, sum: ${count}, bounds: [1, 2], counts: [${counts}]}`
        return `${i + 1}s histogram delta h ${fields} start=${i}s`
      })
      const totals = await runCase(adder, {}, lines.join('\n'))
      const points = totals.split('\n').filter(line => line.includes('histogram cumulative'))
      const output = await runCase(plugin, {}, points.join('\n'))
      // Those of nothing, such as the zero that a total begins with, have no buckets that matter.
      const back = [...output.matchAll(/histogram delta h \{count: [1-9].*counts: \[(.*)\]/g)]
      assert.deepEqual(
        back.map(([, counts]) => counts),
        histograms.filter(counts => counts.some(count => count > 0)).map(counts => counts.join(', '))
      )
    }),
    { numRuns: 100 }
  )
})

const sumOf = (output: string, name: string) =>
  [...output.matchAll(new RegExp(`counter delta ${name} ([0-9]+)`, 'g'))].reduce((sum, [, value]) => sum + +value, 0)

test('one that says it begins in the future does not make every other series doubtful once it is forgotten', async () => {
  const input = `1s counter cumulative ahead 1 start=1000000s
tick 10s
10s counter cumulative other 1 start=9s
tick 20s
20s counter cumulative other 4 start=9s
20s counter cumulative later 5 start=19s
`
  const output = await runCase(plugin, { max_stale: '5s' }, input)
  assert.equal(sumOf(output, 'later'), 5)
})
