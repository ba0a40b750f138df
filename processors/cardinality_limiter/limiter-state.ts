import type { Admission } from './admission.ts'
import type { Folding } from './folding.ts'
import type { Targets } from './targets.ts'

/** All that the processor remembers, in the parts that know it: what a snapshot saves. */
export interface LimiterState {
  readonly admission: Admission
  readonly folding: Folding
  readonly targets: Targets
  /** Number of sweep intervals since the epoch; a sweep happens where it changes. */
  interval: number
}
