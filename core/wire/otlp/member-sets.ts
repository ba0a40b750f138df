import type { Attribute } from '../../model/attributes.ts'
import type { MemberSet } from '../../model/distribution.ts'

/** The key in `Metric.metadata` that makes a gauge a set: OTLP has no sets. Its value is a list of texts. */
const SET_MEMBERS = 'weir.set.members'

/** The set that an entry of `Metric.metadata` holds. Undefined if it is another entry, or no list of texts. */
export function memberSet([key, value]: Attribute): MemberSet | undefined {
  if (key !== SET_MEMBERS || !Array.isArray(value)) return undefined
  return value.every(member => typeof member === 'string') ? { kind: 'set', members: value } : undefined
}
