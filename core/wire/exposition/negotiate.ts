import type { ExpositionWriter } from './family.ts'
import { ProtobufExpositionWriter } from './protobuf-writer.ts'
import { OpenMetricsWriter, TextWriter } from './text-writer.ts'

interface Offer {
  readonly type: string
  /** Parameters that must not say something else. */
  readonly parameters: Readonly<Record<string, readonly string[]>>
  make(): ExpositionWriter
}

/** What is preferred comes first. */
const OFFERS: readonly Offer[] = [
  {
    type: 'application/vnd.google.protobuf',
    parameters: { proto: ['io.prometheus.client.MetricFamily'], encoding: ['delimited'] },
    make: () => new ProtobufExpositionWriter()
  },
  {
    type: 'application/openmetrics-text',
    parameters: { version: ['1.0.0', '0.0.1'] },
    make: () => new OpenMetricsWriter()
  },
  { type: 'text/plain', parameters: { version: ['0.0.4'] }, make: () => new TextWriter() }
]

/** The writer of the format that an `Accept` header likes best. One that accepts none of them gets text 0.0.4. */
export function negotiate(accept: string | undefined): ExpositionWriter {
  let best: Offer | undefined
  let bestQuality = 0
  for (const range of (accept ?? '').split(',')) {
    const { type, parameters, quality } = parseRange(range)
    const offer = OFFERS.find(offer => offer.type === type && fits(offer, parameters))
    const isBetter = quality > bestQuality || (quality === bestQuality && best !== undefined && precedes(offer, best))
    if (offer === undefined || !isBetter) continue
    best = offer
    bestQuality = quality
  }
  return best === undefined ? new TextWriter() : best.make()
}

function parseRange(range: string) {
  const [type, ...rest] = range.split(';').map(part => part.trim())
  const parameters = new Map<string, string>()
  for (const parameter of rest) {
    const [name, value = ''] = parameter.split('=', 2)
    parameters.set(name.trim().toLowerCase(), value.trim().replaceAll('"', ''))
  }
  const quality = Number(parameters.get('q') ?? 1)
  return { type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 0 : quality }
}

const fits = ({ parameters }: Offer, given: ReadonlyMap<string, string>) =>
  Object.entries(parameters).every(([name, values]) => values.includes(given.get(name) ?? values[0]))

const precedes = (a: Offer | undefined, b: Offer) => a !== undefined && OFFERS.indexOf(a) < OFFERS.indexOf(b)
