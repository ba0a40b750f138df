import { Account, type AccountFigures } from '../../telemetry/account.ts'

interface Part {
  readonly whole: Account
  readonly part: Account
  booked: AccountFigures
}

/** The accounts of one task, which are parts of those that users see. */
export class TaskAccounts {
  #parts: Part[] = []

  /** Books `part` in `whole` from now on, whenever {@link book} is called. */
  add(whole: Account, part: Account): void {
    this.#parts.push({ whole, part, booked: new Account().figures })
  }

  book(): void {
    for (const own of this.#parts) {
      const { figures } = own.part
      own.whole.add(own.booked, figures)
      own.booked = figures
    }
  }

  /** The task has ended: what it had in flight is still in its partition, for the next one. */
  close(): void {
    for (const { part } of this.#parts) {
      part.refused += part.inFlight
      part.inFlight = 0
    }
    this.book()
    this.#parts = []
  }
}
