import type { Outbox } from '../pipeline/outbox.ts'
import type { Watermark } from './watermark.ts'
import type { WindowRule } from './window-rule.ts'

/** All that the engine remembers, in the parts that know it: what a snapshot saves. */
export interface State {
  readonly rules: readonly WindowRule[]
  readonly outbox: Outbox
  readonly watermark: Watermark
  /** Number of the hour in which groups were forgotten last; undefined before the start. */
  lastExpiryHour: number | undefined
}
