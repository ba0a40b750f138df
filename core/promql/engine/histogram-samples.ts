import type { FloatHistogram } from '../histogram/float-histogram.ts'
import type { Row } from './rows.ts'

/** A count of 8 bytes is half a sample, which has a time and a value. */
const COUNTS_A_SAMPLE = 2

/** Memory of a histogram, in samples. */
export function histogramSamples({ positive, negative, customBounds }: FloatHistogram): number {
  return 1 + Math.ceil((positive.counts.length + negative.counts.length + customBounds.length) / COUNTS_A_SAMPLE)
}

/** Memory of all histograms of a row, besides its cells. */
export function rowHistogramSamples({ histograms }: Row): number {
  let samples = 0
  if (histograms === undefined) return samples
  for (const histogram of histograms) if (histogram !== undefined) samples += histogramSamples(histogram)
  return samples
}
