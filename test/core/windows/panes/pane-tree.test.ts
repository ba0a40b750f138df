import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { PaneTree } from '../../../../core/windows/panes/pane-tree.ts'
import { add, LAYOUT } from '../aggregations/harness.ts'

const LONGEST = 50
const change = fc.record({ kind: fc.constant('change' as const), number: fc.nat(200), value: fc.integer() })
const ask = fc.record({
  kind: fc.constant('ask' as const),
  first: fc.nat(200),
  length: fc.integer({ min: 1, max: LONGEST })
})
const evict = fc.record({ kind: fc.constant('evict' as const), before: fc.nat(200) })

it('the sum of any run of panes is that of its panes, whatever changes and goes in between', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(change, ask, evict), { maxLength: 80 }), steps => {
      const tree = new PaneTree(LONGEST, LAYOUT)
      const values = new Map<number, number>()
      let gone = 0
      for (const step of steps) {
        if (step.kind === 'change') {
          add(tree.change(step.number), 7, step.value)
          values.set(step.number, (values.get(step.number) ?? 0) + step.value)
        } else if (step.kind === 'evict') {
          tree.expireBefore(step.before)
          gone = Math.max(gone, step.before)
          for (const number of values.keys()) if (number < step.before) values.delete(number)
        } else {
          const first = Math.max(gone, step.first)
          const pane = tree.sum(first, first + step.length)
          const inside = [...values].filter(([number]) => number >= first && number < first + step.length)
          assert.equal(pane === undefined, inside.length === 0)
          if (pane !== undefined)
            assert.equal(
              pane.sums[pane.find(7)],
              inside.reduce((sum, [, value]) => sum + value, 0)
            )
        }
      }
    }),
    { numRuns: 300 }
  )
})

it('a window of many panes is put together of few sums', () => {
  const tree = new PaneTree(1024, LAYOUT)
  for (let number = 0; number < 3000; number++) add(tree.change(number), number, 1)
  for (let end = 1024; end <= 3000; end++) {
    const sum = tree.sum(end - 1024, end)
    if (end % 100 === 0) assert.equal(sum!.size, 1024)
  }
  const kept = [...tree.all()].length
  assert.ok(kept < 2 * 3000, `${kept} panes and sums`)
})
