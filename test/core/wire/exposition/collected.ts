import type { ExpositionHandler } from '../../../../core/wire/exposition/handler.ts'
import { parseExposition } from '../../../../core/wire/exposition/parse.ts'

/** What a parser found, in its order, as lists that tests compare. */
export function collected(body: string | Buffer, contentType?: string) {
  const samples: [series: string, value: number, time: number][] = []
  const described: [family: string, type: string, help: string][] = []
  const histograms: [series: string, distribution: unknown, start: number][] = []
  const handler: ExpositionHandler = {
    describe: (...family) => void described.push(family),
    sample: (...sample) => void samples.push(sample),
    histogram: (series, histogram) => void histograms.push([series, histogram.distribution(), histogram.start])
  }
  parseExposition(Buffer.from(body), contentType, handler)
  return { samples, described, histograms }
}
