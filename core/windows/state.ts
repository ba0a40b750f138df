import type { OutputBuffer } from '../pipeline/stateful/output-buffer.ts'
import type { Rule } from './rule.ts'
import type { Watermark } from './watermark.ts'

/** All that the engine remembers, in the parts that know it: what a snapshot saves. */
export interface State {
  readonly rules: readonly Rule[]
  readonly outputBuffer: OutputBuffer
  readonly watermark: Watermark
  /** Number of the hour in which groups were forgotten last; undefined before the start. */
  sweptHour: number | undefined
}
