import type { Figures } from '../../../bench/programs/measure.ts'
import type { CaseResult } from '../../../bench/programs/results.ts'

/** Figures of one run, as round numbers. */
export const run = (program: string, more: Partial<Figures> = {}): Figures => ({
  case: 'through/50000',
  program,
  points: 1e6,
  pointsPerSecond: 1e6,
  pointsPerCpuSecond: 2e6,
  systemShare: 0.25,
  bytesPerPoint: 136,
  diskBytesPerPoint: 0,
  residentPeakBytes: 3 * 2 ** 20,
  residentEndBytes: 2 ** 20,
  replyP50Ms: 1,
  replyP99Ms: 9,
  refusedRequests: 0,
  kernelDroppedLines: 0,
  sinkSamples: 1e6,
  sinkBytes: 4e6,
  sumSent: 1000,
  sumStored: 1000,
  ...more
})

export const result = (runs: readonly Figures[], name = 'through/50000'): CaseResult => ({
  case: name,
  machine: '2 cores',
  versions: {},
  seconds: 20,
  runs
})
