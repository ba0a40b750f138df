import { AttributeDropper } from '../../core/model/attribute-dropper.ts'
import { SeriesMemo } from '../../core/model/series-memo.ts'
import { TENANT } from '../../core/model/tenant.ts'
import {
  CLIENT_ATTRIBUTES,
  type ClientNumber,
  clientNumberOfItem,
  requestName
} from '../../core/wire/otlp/client-number.ts'
import {
  type Attributes,
  attributeText,
  type Block,
  findAttribute,
  NO_ATTRIBUTES,
  type SeriesTable
} from '../../sdk/plugin/index.ts'

/** The one that an item is of. A record has items of one sender. */
export interface Sender {
  /** Empty if there is none. */
  readonly tenant: string
  /** The number of the request, if its client gave it one. */
  readonly number: ClientNumber | undefined
}

/** Most items have none. */
export const NOBODY: Sender = { tenant: '', number: undefined }

/** Tells senders by the attributes of items and their resources. */
export class Senders {
  readonly #dropper: AttributeDropper
  readonly #ofSeries = new SeriesMemo(({ attributes, resource }) => senderOf(attributes, resource.attributes))

  constructor(series: SeriesTable) {
    const hasNumber = (attributes: Attributes, resource: Attributes) =>
      clientNumberOfItem(attributes, resource) !== undefined
    this.#dropper = new AttributeDropper(series, [...CLIENT_ATTRIBUTES], hasNumber)
  }

  of(block: Block, row: number): Sender {
    return block.type === 'points'
      ? this.#ofSeries.get(block.series, row)
      : senderOf(block.attributes[row], NO_ATTRIBUTES)
  }

  /** Names of the requests with numbers that the items are of. */
  requestsIn(block: Block): ReadonlySet<string> {
    const names = new Set<string>()
    for (let row = 0; row < block.length; row++) {
      const { number } = this.of(block, row)
      if (number !== undefined) names.add(requestName(number))
    }
    return names
  }

  /** The items without the numbers of their requests, which make a series another one for each request. */
  withoutNumbers(block: Block): Block {
    for (let row = 0; row < block.length; row++)
      if (this.of(block, row).number !== undefined) return this.#dropper.block(block)
    return block
  }
}

function senderOf(attributes: Attributes, resource: Attributes): Sender {
  const tenant = findAttribute(resource, TENANT) ?? findAttribute(attributes, TENANT)
  const number = clientNumberOfItem(attributes, resource)
  if (tenant === undefined && number === undefined) return NOBODY
  return { tenant: tenant === undefined ? '' : attributeText(tenant), number }
}
