import type { Stepwise } from '../../model/stepwise.ts'
import type { Observation } from '../input/observation.ts'
import { pickRows, type RowPairs } from '../panes/rows.ts'
import type { Accumulator } from './accumulator.ts'

/** An accumulator that has a few numbers for each group, each in a column of its own. Columns are saved by name. */
export abstract class NumberColumns<Name extends string> implements Accumulator {
  protected readonly columns: Readonly<Record<Name, Float64Array>>
  #names: readonly Name[]

  /** @param empty the numbers of a group with no values */
  constructor(capacity: number, empty: Readonly<Record<Name, number>>) {
    this.#names = Object.keys(empty) as Name[]
    const column = (name: Name) => {
      const zeros = new Float64Array(capacity)
      return empty[name] === 0 ? zeros : zeros.fill(empty[name])
    }
    this.columns = Object.fromEntries(this.#names.map(name => [name, column(name)])) as Record<Name, Float64Array>
  }

  abstract add(row: number, observation: Observation): void

  abstract merge(other: this, rows: RowPairs): void

  get bytes(): number {
    return this.#names.reduce((bytes, name) => bytes + this.columns[name].byteLength, 0)
  }

  adopt(other: this, { from, to, length }: RowPairs): void {
    for (const name of this.#names) {
      const [own, others] = [this.columns[name], other.columns[name]]
      for (let i = 0; i < length; i++) own[to[i]] = others[from[i]]
    }
  }

  *save(_slots: Int32Array, rows: Int32Array): Stepwise<Readonly<Record<Name, Float64Array>>> {
    const saved: [Name, Float64Array][] = []
    for (const name of this.#names) saved.push([name, yield* pickRows(this.columns[name], rows)])
    return Object.fromEntries(saved) as Record<Name, Float64Array>
  }

  restore(saved: Readonly<Record<Name, Float64Array>>, _slots: Int32Array, rows: Int32Array): void {
    for (const name of this.#names) {
      const [own, values] = [this.columns[name], saved[name]]
      for (let i = 0; i < rows.length; i++) own[rows[i]] = values[i]
    }
  }
}
