import assert from 'node:assert/strict'
import { test } from 'node:test'
import { meanOf } from '../../../bench/programs/results.ts'
import { costTable, detailTable } from '../../../bench/programs/tables.ts'
import { result, run } from './made-figures.ts'

/** Cells of the row that has `text`, without the columns of the case. */
const row = (table: string, text: string) =>
  table
    .split('\n')
    .find(line => line.includes(text))!
    .split('|')
    .slice(3, -1)
    .map(cell => cell.trim())

test('ratios are those of the means of all turns', () => {
  const runs = [
    run('weir', { pointsPerCpuSecond: 3e6 }),
    run('vmagent', { pointsPerCpuSecond: 4e5 }),
    run('weir', { pointsPerCpuSecond: 1e6 }),
    run('vmagent', { pointsPerCpuSecond: 6e5 })
  ]
  assert.deepEqual(row(costTable([result(runs)]), '50,000'), ['2.00 M', '0.500 M', '4.0 ×', '–'])
})

test('a figure that one turn lacks has no mean', () => {
  assert.equal(meanOf(result([run('weir'), run('weir', { sumStored: null })]), 'weir')!.sumStored, null)
  assert.equal(meanOf(result([run('weir')]), 'vmagent'), undefined)
})

test('a sum that differs in one turn alone is shown', () => {
  const table = detailTable([result([run('weir'), run('vmagent'), run('vmagent', { sumStored: 990 })])])
  assert.deepEqual(row(table, '| Weir '), [
    ...['Weir', '1.00 M', '25 %', '3 / 1 MiB', '1.0 / 9.0 ms', '0', '1.00 M', '4.0', 'equal']
  ])
  assert.equal(row(table, '| vmagent ').at(-1), '99.50 % of it')
})

test('lines that the kernel dropped are shown', () => {
  const table = detailTable([result([run('otelcol', { sumStored: null, replyP50Ms: null, kernelDroppedLines: 44 })])])
  assert.deepEqual(
    [row(table, '| otelcol ').at(4), row(table, '| otelcol ').at(-1)],
    ['–', 'not comparable; the kernel dropped 44 lines']
  )
})
