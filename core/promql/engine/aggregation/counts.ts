import { FLOAT, NONE, type Row } from '../rows.ts'
import type { Accumulator } from './accumulator.ts'

/** How many samples there are, of either kind. */
export class CountAccumulator implements Accumulator {
  readonly #counts: Float64Array

  constructor(count: number) {
    this.#counts = new Float64Array(count)
  }

  add({ kinds }: Row): void {
    for (let i = 0; i < kinds.length; i++) if (kinds[i] !== NONE) this.#counts[i]!++
  }

  finish(target: Row): void {
    target.values.set(this.#counts)
    for (let i = 0; i < target.kinds.length; i++) if (this.#counts[i]! > 0) target.kinds[i] = FLOAT
  }
}

/** 1 where there is a sample. */
export class GroupAccumulator extends CountAccumulator {
  override finish(target: Row): void {
    super.finish(target)
    for (let i = 0; i < target.kinds.length; i++) if (target.kinds[i] === FLOAT) target.values[i] = 1
  }
}
