import type { Block } from '../../model/block.ts'
import type { Tenant } from '../../plugin/access.ts'
import type { Context } from '../../plugin/context.ts'
import type { Account } from '../../telemetry/account.ts'

/** The items that `tenant` may have, with its name. The others are booked as received and dropped. */
export function labelFor(tenant: Tenant, block: Block, account: Account): Block {
  const { block: labelled, spend, count, bookRefused } = tenant.label(block)
  spend()
  count(0)
  bookRefused(account)
  return labelled
}

/** Labels the blocks of a receiver with the option `tenant`; without it they stay as they are. */
export function labelling(name: string | undefined, { access, account }: Context): (block: Block) => Block {
  const tenant = name === undefined ? undefined : access.tenants?.withoutRequest(name)
  return tenant === undefined ? block => block : block => labelFor(tenant, block, account)
}
