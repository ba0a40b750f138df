import type { OutputBuffer } from '../pipeline/stateful/output-buffer.ts'
import type { Watermark } from './watermark.ts'
import type { WindowRule } from './window-rule.ts'

/** The state of an engine, which snapshots save. */
export interface State {
  readonly rules: readonly WindowRule[]
  readonly outputBuffer: OutputBuffer
  readonly watermark: Watermark
  /** When groups expired last, by the clock, Unix ms; undefined before the start. */
  lastExpiry: number | undefined
}
