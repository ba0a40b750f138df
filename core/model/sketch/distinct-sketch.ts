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
