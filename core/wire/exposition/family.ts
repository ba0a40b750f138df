import type { Distribution } from '../../model/distribution.ts'
import type { Labels } from '../prometheus/labels.ts'

export type ExposedType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'info'

/** A metric family as an endpoint exposes it. */
export interface ExposedFamily {
  /** With all suffixes: a counter's ends in `_total`, unless names are without suffixes. */
  readonly name: string
  readonly type: ExposedType
  readonly help: string
  /** Empty if the name does not end with it. */
  readonly unit: string
}

/** A series of a family. */
export interface ExposedSeries {
  /** Without `__name__`. */
  readonly labels: Labels
  readonly value: number
  /** Unix ms; 0 if unknown. */
  readonly start: number
  /** Of a histogram or summary. */
  readonly distribution: Distribution | undefined
}

/** Writes families in one format. Series of a family follow each other. */
export interface ExpositionWriter {
  readonly contentType: string
  /** The parts of a family, one after the other: small steps. A part without content is one that comes later. */
  write(family: ExposedFamily, series: Iterable<ExposedSeries>): Generator<string | Uint8Array>
  /** Bytes that end the exposition. */
  readonly end: string
}

/** Series that are written in one step: some milliseconds at most. */
export const SERIES_PER_STEP = 512
