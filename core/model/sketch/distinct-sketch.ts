import type { DistinctSketch, MemberSet } from '../distribution.ts'
import { DistinctCounter } from './distinct-counter.ts'

/** The content of `counter` as a distribution, which can be a point. */
export function distinctSketch(counter: DistinctCounter): DistinctSketch {
  return { kind: 'distinct', count: counter.count(), state: counter.save() }
}

/** Adds members, or those that a sketch has counted. */
export function addDistinct(counter: DistinctCounter, more: MemberSet | DistinctSketch): void {
  if (more.kind === 'distinct') counter.merge(DistinctCounter.from(more.state))
  else for (const member of more.members) counter.add(member)
}

/** The members of both: as a set if both name them, or else as a sketch. */
export function unionOf(a: MemberSet | DistinctSketch, b: MemberSet | DistinctSketch): MemberSet | DistinctSketch {
  if (a.kind === 'set' && b.kind === 'set') return { kind: 'set', members: [...new Set([...a.members, ...b.members])] }
  const counter = new DistinctCounter()
  addDistinct(counter, a)
  addDistinct(counter, b)
  return distinctSketch(counter)
}
