import type { Metric } from '../../model/series.ts'
import { unitWords } from './units.ts'

/** The description of a metric family, for lists of metrics. */
export interface Metadata {
  readonly family: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary'
  readonly help: string
  readonly unit: string
}

/** A family that was announced, or is to be. */
export interface Family {
  readonly metadata: Metadata
  announcedAt: number
}

export function newFamily(name: string, { kind, temporality, description, unit }: Metric): Family {
  const { main, per } = unitWords(unit)
  const type =
    kind === 'exponential_histogram' ? 'histogram' : kind === 'summary' || kind === 'histogram' ? kind : 'gauge'
  const metadata: Metadata = {
    family: name,
    type: kind === 'counter' && temporality !== 'delta' ? 'counter' : type,
    help: description,
    unit: [main, per].filter(Boolean).join('_')
  }
  return { metadata, announcedAt: Number.NEGATIVE_INFINITY }
}
