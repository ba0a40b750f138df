import { type Account, type AccountFigures, NO_FIGURES } from './account.ts'

/** A part of an account that is kept elsewhere: in another thread, or for one partition. */
export class AccountPart {
  readonly #whole: Account
  #booked = NO_FIGURES

  constructor(whole: Account) {
    this.#whole = whole
  }

  /** @param report of the account that is the part: see `Account.report` */
  book(report: AccountFigures): void {
    this.#whole.add(this.#booked, report)
    // A report has only the tenants whose figures have changed.
    const tenants = report.tenants && new Map([...(this.#booked.tenants ?? []), ...report.tenants])
    this.#booked = { ...report, tenants }
  }

  /** It is gone: all that was in flight is back with its senders. */
  end(): void {
    this.#whole.add(this.#booked, withRefused(this.#booked))
    this.#booked = NO_FIGURES
  }
}

function withRefused(figures: AccountFigures): AccountFigures {
  const { inFlight, refused, tenants } = figures
  const parts = tenants && new Map([...tenants].map(([tenant, own]) => [tenant, withRefused(own)]))
  return { ...figures, inFlight: 0, refused: refused + inFlight, tenants: parts }
}
