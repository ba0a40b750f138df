import type { ItemLimits } from '../../model/item-limits.ts'
import type { PointBlock } from '../../model/points.ts'
import type { KeyHash } from '../../model/series-table/key-hash.ts'
import type { JsonMemory } from '../json.ts'
import type { ClientNumber } from './client-number.ts'
import type { DecodedExemplars } from './exemplar-events.ts'
import type { OtlpRejections } from './forms.ts'

export interface DecoderOptions {
  /** Limits the memory of a block, and of the new series of a body. */
  readonly maxBytes?: number
  readonly limits?: ItemLimits
  readonly hash?: KeyHash
}

export interface JsonDecoderOptions extends Pick<DecoderOptions, 'maxBytes' | 'limits'> {
  readonly memory?: JsonMemory
  /** Makes events of exemplars. If not, they are only counted. */
  readonly wantsExemplars?: boolean
  /** Takes the number that a client gave the request off its resources: each would make all series new ones. */
  readonly takesClientNumber?: boolean
}

export interface DecodedMetrics {
  readonly block: PointBlock
  /** The items that were left out of it. */
  readonly rejections: OtlpRejections
  readonly exemplars: DecodedExemplars
  /** Texts in which bytes were replaced, because they were not UTF-8. Of series seen before nobody knows. */
  readonly replacedTexts: number
  /** Memory that series not known before take beside the block. */
  readonly newSeriesBytes: number
  /** The number that was taken off. */
  readonly clientNumber?: ClientNumber | undefined
}
