import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SameTime } from '../../../core/model/same-time.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { parseItems, printItems } from '../../cases/items.ts'

/** Lines as golden cases have them. */
function merge(...lines: string[]): { rows: string[]; replaced: number; isSame: boolean } {
  const registry = new SeriesTable()
  const block = parseItems(lines, registry)
  assert.ok(block.type === 'points')
  const merged = new SameTime(registry, Math.floor).merge(block)
  return { rows: printItems(merged.block), replaced: merged.replaced, isSame: merged.block === block }
}

describe('points of one series and time', () => {
  it('are none where times rise: the block stays as it is', () => {
    const lines = ['1s counter delta a 1', '1s counter delta b 1', '2s counter delta a 2']
    assert.deepEqual(merge(...lines), { rows: lines, replaced: 0, isSame: true })
  })

  const cases: [name: string, lines: string[], rows: string[], replaced: number][] = [
    ['gauges: the last stays', ['1s gauge a 1', '2s gauge a 5', '1s gauge a 2'], ['1s gauge a 2', '2s gauge a 5'], 1],
    [
      'totals: the last stays',
      ['1s counter cumulative a 1 start=0s', '1s counter cumulative a 2 start=0s'],
      ['1s counter cumulative a 2 start=0s'],
      1
    ],
    [
      'increments without an interval add up',
      ['1s counter delta a 1', '1s counter delta a 2', '1s counter delta a 4'],
      ['1s counter delta a 7'],
      0
    ],
    [
      'regression: of increments of two intervals one was lost',
      ['10s counter delta a 2 start=0s', '10s counter delta a 3 start=5s'],
      ['10s counter delta a 5 start=0s'],
      0
    ],
    [
      'increments of one interval are one that was sent twice',
      ['10s counter delta a 2 start=5s', '10s counter delta a 4', '10s counter delta a 3 start=5s'],
      ['10s counter delta a 7 start=5s'],
      1
    ],
    [
      'histograms add up bucket by bucket',
      [
        '10s histogram delta a {count: 2, sum: 3, min: 1, max: 2, bounds: [1], counts: [1, 1]}',
        '10s histogram delta a {count: 1, sum: 9, min: 9, max: 9, bounds: [1], counts: [0, 1]}'
      ],
      ['10s histogram delta a {count: 3, sum: 12, min: 1, max: 9, bounds: [1], counts: [1, 2]}'],
      0
    ],
    [
      'regression: of single observations the last was kept',
      [
        '10s histogram delta a {count: 1, sum: 1, min: 1, max: 1}',
        '10s histogram delta a {count: 2, sum: 2, min: 1, max: 1}'
      ],
      [
        '10s exponential_histogram delta a {count: 3, sum: 3, min: 1, max: 1, scale: 5, zeroCount: 0, zeroThreshold: 0, positive: {offset: -1, counts: [3]}}'
      ],
      0
    ],
    [
      'regression: of sets the last was kept',
      ['10s set delta a {members: [u, v]}', '10s set delta a {members: [v, w]}'],
      ['10s set delta a {members: [u, v, w]}'],
      0
    ],
    [
      'the end of a series says nothing beside an increment',
      ['1s counter delta a 1', '1s counter delta a ended'],
      ['1s counter delta a 1'],
      1
    ],
    ['of a gauge it may be the last word', ['1s gauge a 1', '1s gauge a ended'], ['1s gauge a ended'], 1]
  ]
  for (const [name, lines, rows, replaced] of cases)
    it(name, () => assert.deepEqual(merge(...lines), { rows, replaced, isSame: false }))

  it('are told from those of another block', () => {
    const registry = new SeriesTable()
    const sameTime = new SameTime(registry, Math.floor)
    for (let i = 0; i < 3; i++) {
      const block = parseItems(['1s gauge a 1'], registry)
      assert.ok(block.type === 'points')
      assert.equal(sameTime.merge(block).block, block)
    }
  })
})
