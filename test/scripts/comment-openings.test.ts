import assert from 'node:assert/strict'
import { it } from 'node:test'
import { checkCommentOpenings } from '../../scripts/comment-openings.ts'
import { makeTree } from './make-tree.ts'

const SOURCE = `/** What is counted. */
/**
 * Of a block.
 *
 * Offset of a block.
 */
const what = 1 // Where code stands before it, this is no comment line.
  // Whether it holds.
`

it('comment lines that begin without a subject are counted, whatever kind of comment they are in', t => {
  const root = makeTree(t, { 'core/a.ts': SOURCE, 'core/b.ts': '// The batch.\n' })
  assert.deepEqual(checkCommentOpenings(root, 0.6), [])
  const [found, ...more] = checkCommentOpenings(root, 0.59)
  assert.match(found, /^3 of 5 comment lines \(60\.0 %\) begin with .* first in core\/a\.ts$/)
  assert.deepEqual(more, [])
})
