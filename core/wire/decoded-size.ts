import { BadInputError } from '../errors.ts'
import { BYTES_PER_POINT } from '../model/block.ts'
import type { PointBlockBuilder } from '../model/points.ts'
import { count } from '../plural.ts'

/** Memory of a bucket's count, which one byte of a request can be. */
const BYTES_PER_COUNT = 8

/**
 * Two bytes of a request can be a histogram, which takes hundreds in memory. Decoding ends once nobody could ever buy
 * the result. Throws {@link BadInputError} `too_large`.
 * @param next bytes of a distribution that is not decoded yet
 */
export function checkSize({ length, distributionBytes }: PointBlockBuilder, next: number, maxBytes: number): void {
  if (length * BYTES_PER_POINT + distributionBytes + next * BYTES_PER_COUNT > maxBytes)
    throw new BadInputError(
      `${count(length, 'point')} and more do not fit into ${count(maxBytes, 'byte')}: send less at once, or raise service.limits.in_flight`,
      'too_large'
    )
}
