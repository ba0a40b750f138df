import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import plugin from '../../../processors/delta_to_cumulative/index.ts'
import { runCase } from '../../cases/run-case.ts'

const STEP = fc.record({
  series: fc.integer({ min: 0, max: 1 }),
  increment: fc.integer({ min: 0, max: 9 }),
  seconds: fc.integer({ min: 1, max: 20 }),
  after: fc.constantFrom('', '', '\n', 'restart\n')
})

test('in whatever order increments come, each series ends with their sum, never falls, and has one value at a time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 1, maxLength: 60 }), async steps => {
      const input = steps
        .map(({ series, increment, seconds, after }) => `${seconds}s counter delta c${series} ${increment}\n${after}`)
        .join('')
      const output = await runCase(plugin, {}, input)
      for (const series of [0, 1]) {
        const points = [...output.matchAll(new RegExp(`^(\\S+)s counter cumulative c${series} (\\d+)`, 'gm'))]
        const values = points.map(([, , value]) => Number(value))
        const times = points.map(([, time]) => Number(time))
        const sum = steps.reduce((total, step) => total + (step.series === series ? step.increment : 0), 0)
        assert.equal(values.at(-1) ?? 0, sum)
        assert.deepEqual(
          values,
          values.toSorted((a, b) => a - b)
        )
        assert.deepEqual(
          times,
          [...new Set(times)].sort((a, b) => a - b)
        )
      }
    }),
    { numRuns: 80 }
  )
})
