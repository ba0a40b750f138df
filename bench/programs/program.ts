import type { Case } from './cases.ts'
import type { ProgramProcess } from './process.ts'
import type { NullSink } from './sink.ts'
import type { SinkTotals } from './sink-totals.ts'

/** The surroundings of one run. */
export interface Setup {
  readonly case: Case
  /** Its own, gone after the run. */
  readonly folder: string
  readonly sink: NullSink
  /** 10 s, but in tests. */
  readonly windowSeconds: number
  /** Options of Node for Weir. */
  readonly nodeFlags: readonly string[]
}

/** A program that can be measured. */
export interface Program {
  readonly name: string
  /** As the program says it; undefined if it is not installed, or cannot do this. */
  version(): Promise<string | undefined>
  /** Whether the program can do the work at all. */
  does(work: Case): boolean
  start(setup: Setup): Promise<RunningProgram>
}

export interface RunningProgram {
  readonly process: ProgramProcess
  /** For POST of OTLP metrics. */
  readonly otlpUrl: string
  /** For POST of remote write requests. */
  readonly remoteWriteUrl: string
  readonly statsdPort: number
  readonly temporality: 'delta' | 'cumulative'
  /** Resolves once everything acknowledged is processed: windows may be open. */
  caughtUp(): Promise<void>
  /** Resolves once nothing is left to send to the sink. */
  drained(): Promise<void>
  /** Throws if the program's own books do not say that it received so many points. */
  checkBooks(points: number): Promise<void>
  /** Whether a sum that differs is a fault of the program or of the benchmark, and ends it. */
  readonly mustBeExact: boolean
  /** The sums in the sink that must be that of all values sent. Empty if the program's output has no such sum. */
  sums(totals: SinkTotals): readonly number[]
}
