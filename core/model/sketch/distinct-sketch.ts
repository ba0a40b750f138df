import type { DistinctSketch, MemberSet } from '../distribution.ts'
import { DistinctCounter } from './distinct-counter.ts'

/** What `counter` has counted, as a distribution that travels. */
export function distinctSketch(counter: DistinctCounter): DistinctSketch {
  return { kind: 'distinct', count: counter.count(), state: counter.save() }
}

/** Counts members, or what a sketch was given. */
export function addDistinct(counter: DistinctCounter, more: MemberSet | DistinctSketch): void {
  if (more.kind === 'distinct') counter.merge(DistinctCounter.from(more.state))
  else for (const member of more.members) counter.add(member)
}

/** The members of both: as such where both name them, or else as a sketch. */
export function unionOf(a: MemberSet | DistinctSketch, b: MemberSet | DistinctSketch): MemberSet | DistinctSketch {
  if (a.kind === 'set' && b.kind === 'set') return { kind: 'set', members: [...new Set([...a.members, ...b.members])] }
  const counter = new DistinctCounter()
  addDistinct(counter, a)
  addDistinct(counter, b)
  return distinctSketch(counter)
}
