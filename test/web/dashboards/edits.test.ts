import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Dashboard, Panel } from '../../../core/admin/dashboards/dashboard.ts'
import {
  movedPanel,
  withNewRow,
  withoutPanel,
  withoutRow,
  withPanel,
  withRowTitle
} from '../../../web/dashboards/edits.ts'

const panel = (title: string): Panel => ({ kind: 'stat', title, events: {} })
const board: Dashboard = {
  title: 'T',
  rows: [{ title: 'one', panels: [panel('a'), panel('b')] }, { panels: [panel('c')] }]
}
const before = structuredClone(board)

const cases: readonly (readonly [name: string, edited: Dashboard, want: string])[] = [
  ['a panel replaced', withPanel(board, { row: 0, panel: 1 }, panel('x')), 'a x | c'],
  ['a panel added', withPanel(board, { row: 1, panel: 1 }, panel('x')), 'a b | c x'],
  ['a panel removed', withoutPanel(board, { row: 0, panel: 0 }), 'b | c'],
  ['a panel moved on', movedPanel(board, { row: 0, panel: 0 }, 1), 'b a | c'],
  ['a panel moved back', movedPanel(board, { row: 0, panel: 1 }, -1), 'b a | c'],
  ['a panel moved into the next row', movedPanel(board, { row: 0, panel: 1 }, 1), 'a | b c'],
  ['a panel moved into the row before', movedPanel(board, { row: 1, panel: 0 }, -1), 'a b c | '],
  ['the first panel moved back', movedPanel(board, { row: 0, panel: 0 }, -1), 'a b | c'],
  ['the last panel moved on', movedPanel(board, { row: 1, panel: 0 }, 1), 'a b | c'],
  ['a row added', withNewRow(board), 'a b | c | '],
  ['a row removed', withoutRow(board, 0), 'c']
]

for (const [name, edited, want] of cases)
  test(`a dashboard with ${name}`, () => {
    assert.equal(edited.rows.map(({ panels }) => panels.map(({ title }) => title).join(' ')).join(' | '), want)
    assert.deepEqual(board, before, 'the dashboard before stays as it was')
  })

test('a row without a title has none in the file', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(withRowTitle(board, 0, ''))).rows[0].title, undefined)
  assert.equal(withRowTitle(board, 1, 'two').rows[1].title, 'two')
})
