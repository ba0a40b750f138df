import type { Stepwise } from '../stepwise.ts'

const VIEWS_PER_STEP = 4096

/** The series that somebody has as an object: one object for each, so that `===` compares them. Held weakly. */
export class SeriesViews<T extends object> {
  readonly #views = new Map<number, WeakRef<T>>()
  readonly #make: (id: number) => T

  constructor(make: (id: number) => T) {
    this.#make = make
  }

  at(id: number): T {
    const known = this.#views.get(id)?.deref()
    if (known !== undefined) return known
    const series = this.#make(id)
    this.#views.set(id, new WeakRef(series))
    return series
  }

  /** True if somebody has the series as an object. */
  isKept(id: number): boolean {
    return this.#views.get(id)?.deref() !== undefined
  }

  *prune(): Stepwise<void> {
    let looked = 0
    for (const [id, view] of this.#views) {
      if (view.deref() === undefined) this.#views.delete(id)
      if (++looked % VIEWS_PER_STEP === 0) yield
    }
  }
}
