import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { readResults } from '../../bench/programs/results.ts'
import { renderPages } from '../../scripts/performance-pages.ts'
import { ROOT } from '../e2e/weir-process.ts'

test('the pages about speed show bench/results.json', () => {
  for (const [file, text] of renderPages(readResults())) {
    assert.ok(existsSync(path.join(ROOT, file)), file)
    const hint = `${file} is not what bench/results.json says: run node scripts/performance-pages.ts`
    assert.equal(readFileSync(path.join(ROOT, file), 'utf8'), text, hint)
  }
})

test('no kept figure of Weir lacks its proof', () => {
  const runs = readResults().flatMap(result => result.runs)
  assert.ok(runs.length > 0)
  for (const run of runs.filter(({ program }) => program.startsWith('weir')))
    assert.equal(run.sumStored, run.sumSent, `${run.case}, ${run.program}`)
})

test('another figure changes the pages', () => {
  const results = readResults()
  const slower = results.map(result => ({
    ...result,
    runs: result.runs.map(run => ({ ...run, pointsPerCpuSecond: run.pointsPerCpuSecond / 2 }))
  }))
  const [before, after] = [renderPages(results), renderPages(slower)]
  for (const file of ['docs/performance.md', 'docs/capacity.md', 'docs/images/cost.svg'])
    assert.notEqual(after.get(file), before.get(file), file)
})
