import type { Attributes } from './attributes.ts'

/** Events in columns, shaped like OpenTelemetry log records. Immutable once sent. */
export interface EventBlock {
  readonly type: 'events'
  readonly length: number
  /** Unix milliseconds. */
  readonly time: Float64Array
  readonly name: readonly string[]
  /** The sender's unique id of this event; undefined if it gave none. */
  readonly id: readonly (string | undefined)[]
  readonly attributes: readonly Attributes[]
  /** The event's share in a sum; 1 unless the sender said otherwise. */
  readonly value: Float64Array
}
