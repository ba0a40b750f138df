import type { NativeHistogram } from '../prometheus/native-histogram.ts'

/** Told of what a parser finds, in its order. */
export interface ExpositionHandler {
  /** Type or help of a family; empty if it says nothing of it. */
  describe(family: string, type: string, help: string): void
  /**
   * @param series name and labels as a text format has them; the same text means the same series
   * @param time Unix ms; NaN if there is none
   */
  sample(series: string, value: number, time: number): void
  /** @param histogram valid until this returns */
  histogram(series: string, histogram: NativeHistogram, time: number): void
}
