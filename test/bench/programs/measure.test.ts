import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseCase } from '../../../bench/programs/cases.ts'
import { measure, type Plan } from '../../../bench/programs/measure.ts'
import type { Program } from '../../../bench/programs/program.ts'
import { weir, weirWithJournal } from '../../../bench/programs/weir.ts'

const SMOKE: Plan = {
  ms: 300,
  warmUpMs: 200,
  warmUpMaxMs: 5000,
  halfLoadMs: 200,
  windowSeconds: 1,
  statsdLinesPerSecond: 22_000,
  nodeFlags: []
}

describe('each scenario, with few series for a moment', { concurrency: true }, () => {
  for (const [work, program] of [
    ['windows-by/2000', weir],
    ['windows-all/2000/churn', weir],
    ['through/2000/random', weirWithJournal],
    ['statsd/1000', weir]
  ] as const)
    it(`${work}, ${program.name}`, async () => {
      const figures = await measure(program, parseCase(work), SMOKE)
      assert.ok(figures.points > 0)
      assert.equal(figures.sumStored, figures.sumSent)
      assert.ok(figures.pointsPerCpuSecond > 0)
      assert.equal((figures.replyP99Ms ?? 0) > 0, !work.startsWith('statsd'))
      assert.equal(figures.diskBytesPerPoint > 0, program === weirWithJournal)
    })

  it('no figures if a value is missing in the sink', async () => {
    const lossy: Program = {
      ...weir,
      start: async setup => ({ ...(await weir.start(setup)), sums: totals => [totals.values - 1] })
    }
    await assert.rejects(
      measure(lossy, parseCase('through/1000'), SMOKE),
      /values of \d+ were acknowledged, and of \d+ came to the sink/
    )
  })
})
