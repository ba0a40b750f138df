import type { VectorMatching } from '../../ast.ts'
import { QueryError } from '../../query-error.ts'
import { NONE, type Row } from '../rows.ts'
import type { MatchGroup } from './match-group.ts'

/** Throws a {@link QueryError} if the side of one has two samples of a group at a time at which there is something to match. */
export function checkOneSide(group: MatchGroup, matching: VectorMatching, many: readonly Row[], count: number): void {
  const { one } = group
  if (one.length < 2) return
  const hasFill = matching.fillLeft !== undefined || matching.fillRight !== undefined
  for (let i = 0; i < count; i++) {
    const present = one.filter(({ kinds }) => kinds[i] !== NONE)
    if (present.length < 2) continue
    if (hasFill || many.some(({ kinds }) => kinds[i] !== NONE)) throw duplicateError(group, matching, present)
  }
}

export function manyMatchesError(matching: VectorMatching): QueryError {
  const reason =
    matching.card === 'one-to-one'
      ? 'many-to-one matching must be explicit (group_left/group_right)'
      : 'grouping labels must ensure unique matches'
  return new QueryError('execution', `multiple matches for labels: ${reason}`)
}

function duplicateError(group: MatchGroup, matching: VectorMatching, present: readonly Row[]): QueryError {
  const side = matching.card === 'one-to-many' ? 'left' : 'right'
  const [first, second] = present.map(({ labels }) => String(labels)).toSorted()
  return new QueryError(
    'execution',
    `found duplicate series for the match group ${group.labels} on the ${side} hand-side of the operation: ` +
      `[${first}, ${second}];many-to-many matching not allowed: matching labels must be unique on one side`
  )
}
