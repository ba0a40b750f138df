import type { Emitter } from './emitter.ts'
import type { Groups } from './groups.ts'
import type { Inputs } from './inputs.ts'
import type { Outbox } from './outbox.ts'
import type { Watermark } from './watermark.ts'
import type { Windows } from './windows.ts'

/** All that the processor remembers, in the parts that know it: what a snapshot saves. */
export interface State {
  readonly windows: Windows
  readonly groups: Groups
  readonly inputs: Inputs
  readonly emitter: Emitter
  readonly outbox: Outbox
  readonly watermark: Watermark
}
