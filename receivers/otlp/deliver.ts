import { count } from '../../core/plural.ts'
import { type ClientNumber, requestName } from '../../core/wire/otlp/client-number.ts'
import type { OtlpRejections } from '../../core/wire/otlp/forms.ts'
import type { PartialSuccess } from '../../core/wire/otlp/response.ts'
import type { Block, HttpIngest, Permit, Tenant } from '../../sdk/plugin/index.ts'

export interface Decoded {
  readonly block: Block
  readonly rejections: OtlpRejections
  /** Memory that came with the block, in bytes. */
  readonly newSeriesBytes?: number
  readonly clientNumber?: ClientNumber | undefined
}

/**
 * Resolves once the items of a request have settled, with those that were rejected, if any.
 *
 * @param body of the request, which is decoded
 * @param item its name for the sender
 */
export async function deliver(
  ingest: HttpIngest,
  { block, rejections, newSeriesBytes, clientNumber }: Decoded,
  permit: Permit,
  body: Buffer,
  tenant: Tenant | undefined,
  item: string
): Promise<PartialSuccess | undefined> {
  const name = clientNumber === undefined ? ingest.byBytesOf(body) : () => requestName(clientNumber)
  const { dropped, reason } = await ingest.deliver(block, permit, name, newSeriesBytes, tenant)
  // Only now: had the request been nacked, they would come, and count, again.
  for (const [reason, items] of rejections.items) ingest.reject(reason, items, tenant)
  const messages = [rejections.describe(), dropped > 0 ? `${count(dropped, item)} dropped later on: ${reason}` : '']
  const message = messages.filter(text => text !== '').join('; ')
  return message === '' ? undefined : { rejected: rejections.total + dropped, message }
}
