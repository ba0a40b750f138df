import type { Stepwise } from '../model/stepwise.ts'
import type { ConfigProblem } from '../schema/json-schema.ts'
import { duration, formatDuration } from '../schema/units.ts'
import type { WindowSize } from './panes/window-size.ts'
import type { WindowSettings } from './settings.ts'
import type { State } from './state.ts'

const USUAL_STALE_MS = 3_600_000
/** A group that comes once in each of the largest windows must not begin anew each time. */
const LEAST_WINDOWS = 2
/** Expiry runs in the time after which a silent group expires. */
const RUNS_PER_EXPIRY = 4
/** Each run looks at all groups. */
const SHORTEST_PERIOD_MS = 10_000

/** Option of processors with windows: ms; undefined for the usual time. */
export const maxStaleSchema = duration({
  description:
    'A group silent for this long expires, and its totals begin anew when it comes back. At least two of the largest windows. Without it 1h, or two of the largest windows if that is longer.'
})

export function checkMaxStale(maxStale: number | undefined, windows: readonly WindowSize[]): ConfigProblem[] {
  const least = leastStaleOf(windows)
  if (maxStale === undefined || maxStale >= least) return []
  const message = `it must be at least ${formatDuration(least)}, two of the largest windows: raise it, or make the windows smaller`
  return [{ path: ['max_stale'], message }]
}

/** Expires silent groups of all rules if a run is due. Runs are due at multiples of a period, so they replay. */
export function* expireIfDue(
  state: State,
  { rules, maxStaleMs = USUAL_STALE_MS }: WindowSettings,
  now: number
): Stepwise<void> {
  const period = Math.max(SHORTEST_PERIOD_MS, maxStaleMs / RUNS_PER_EXPIRY)
  const { lastExpiry = now } = state
  if (Math.floor(now / period) === Math.floor(lastExpiry / period)) return
  state.lastExpiry = now
  for (const [i, { windows }] of rules.entries())
    yield* state.rules[i].expire(state.watermark.value - Math.max(maxStaleMs, leastStaleOf(windows)))
}

const leastStaleOf = (windows: readonly WindowSize[]) =>
  LEAST_WINDOWS * Math.max(...windows.map(({ sizeMs }) => sizeMs))
