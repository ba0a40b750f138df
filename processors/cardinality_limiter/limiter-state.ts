import type { Admission } from './admission.ts'
import type { Folding } from './folding.ts'
import type { Targets } from './targets.ts'

/** The state of a limiter, which snapshots save. */
export interface LimiterState {
  readonly admission: Admission
  readonly folding: Folding
  readonly targets: Targets
  /** Number of expiry intervals since the epoch; expiry runs when it changes. */
  interval: number
}
