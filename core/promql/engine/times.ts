/** Evaluation times: `start + i * stepMs` in Unix ms, `count` of them. */
export interface Times {
  readonly start: number
  /** At least 1, also if there is only one time. */
  readonly stepMs: number
  readonly count: number
}

/** All times from `start` up to `end`, in steps. A step of 0 ms means one time only. None if `end` is before `start`. */
export function timesBetween(start: number, end: number, stepMs: number): Times {
  if (end < start) return { start, stepMs: 1, count: 0 }
  if (stepMs <= 0) return { start, stepMs: 1, count: 1 }
  return { start, stepMs, count: Math.floor((end - start) / stepMs) + 1 }
}

export function timeAt(times: Times, index: number): number {
  return times.start + index * times.stepMs
}

export function lastTime(times: Times): number {
  return timeAt(times, Math.max(times.count - 1, 0))
}

export function allTimes(times: Times): Float64Array {
  const all = new Float64Array(times.count)
  for (let index = 0; index < times.count; index++) all[index] = timeAt(times, index)
  return all
}
