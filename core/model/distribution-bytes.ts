import type { Distribution } from './distribution.ts'
import { savedBytes } from './sketch/distinct-counter.ts'

const PER_DISTRIBUTION = 256
/** In the lists of a distribution; the first of them are part of {@link PER_DISTRIBUTION}. */
const PER_NUMBER = 8
const NUMBERS_INCLUDED = 12
/** An object of two numbers. */
const PER_QUANTILE = 64
/** A text without its characters. */
const PER_MEMBER = 32

/** Memory that a distribution takes, in bytes: a request may say a number in one byte, so all are counted. */
export function distributionBytes(distribution: Distribution): number {
  switch (distribution.kind) {
    case 'histogram':
      return PER_DISTRIBUTION + beyondIncluded(distribution.bounds.length + distribution.counts.length)
    case 'exponential_histogram':
      return (
        PER_DISTRIBUTION + beyondIncluded(distribution.positive.counts.length + distribution.negative.counts.length)
      )
    case 'summary':
      return PER_DISTRIBUTION + distribution.quantiles.length * PER_QUANTILE
    case 'set':
      return PER_DISTRIBUTION + distribution.members.reduce((bytes, member) => bytes + PER_MEMBER + member.length, 0)
    case 'distinct':
      return PER_DISTRIBUTION + savedBytes(distribution.state)
  }
}

const beyondIncluded = (numbers: number) => Math.max(0, numbers - NUMBERS_INCLUDED) * PER_NUMBER
