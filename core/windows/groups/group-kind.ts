/**
 * How a group's items are counted. A `counter` and an `up_down_counter` are summed; a `gauge` is looked at; a
 * `histogram` adds up all that can be; of `event`s both the number and the sum of their values are counted; of a `set`
 * distinct members.
 */
export const GROUP_KINDS = ['counter', 'up_down_counter', 'gauge', 'histogram', 'event', 'set'] as const
export type GroupKind = (typeof GROUP_KINDS)[number]

/** Series of groups of these kinds are deltas: others of these metrics are turned into deltas first. */
export const DELTA_KINDS: ReadonlySet<GroupKind> = new Set(['counter', 'up_down_counter', 'histogram'])
