import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Selection, select } from '../../../core/model/select.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { parseItems, printItems } from '../../cases/items.ts'

const POINTS = [
  '1s counter delta a 1 start=0s',
  '2s histogram delta b {count: 1, sum: 2}',
  '3s gauge c ended',
  '4s set delta d {members: [x]}'
]
const EVENTS = ['1s event a {k: 1} 1 id=e1', '2s event b 2', '3s event c 0.5 id=e3', '4s event d 1']

for (const [kind, lines] of [
  ['points', POINTS],
  ['events', EVENTS]
] as const) {
  const block = parseItems(lines, new SeriesTable())
  for (const rows of [[0, 1, 2, 3], [1], [3, 1], []]) {
    test(`${kind} at ${rows.join() || 'no rows'}`, () => {
      assert.deepEqual(
        printItems(select(block, Int32Array.from(rows))),
        rows.map(row => lines[row])
      )
    })
  }

  test(`a selection of all ${kind} is the block itself; one begins anew with each block`, () => {
    const selection = new Selection()
    selection.begin(4)
    for (const row of [0, 1, 2, 3]) selection.add(row)
    assert.equal(selection.of(block), block)
    selection.begin(2)
    selection.add(1)
    assert.deepEqual(printItems(selection.of(block)), [lines[1]])
  })
}
