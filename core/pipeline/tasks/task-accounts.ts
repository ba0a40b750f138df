import type { Account } from '../../telemetry/account.ts'
import { AccountPart } from '../../telemetry/account-part.ts'

/** The accounts of one task, which are parts of those that users see. */
export class TaskAccounts {
  #parts: { readonly own: Account; readonly part: AccountPart }[] = []

  /** Books `own` in `whole` from now on, whenever {@link book} is called. */
  add(whole: Account, own: Account): void {
    this.#parts.push({ own, part: new AccountPart(whole) })
  }

  book(): void {
    for (const { own, part } of this.#parts) part.book(own.report())
  }

  /** The task has ended: what it had in flight is still in its partition, for the next one. */
  close(): void {
    this.book()
    for (const { part } of this.#parts) part.end()
    this.#parts = []
  }
}
