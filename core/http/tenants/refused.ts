import type { Account } from '../../telemetry/account.ts'

/** Books items that a receiver does not take, by reason, as received and dropped. They are `tenant`'s. */
export function bookRefused(account: Account, tenant: string, refused: Iterable<readonly [string, number]>): void {
  account.as(tenant, () => {
    for (const [reason, items] of refused) {
      account.received += items
      account.drop(reason, items)
    }
  })
}
