import type { Stepwise } from '../../model/stepwise.ts'
import type { Observation } from '../input/observation.ts'
import type { RowPairs } from '../panes/rows.ts'
import type { Accumulator } from './accumulator.ts'

/** A sketch of one group's values. */
export interface Sketch {
  readonly bytes: number
  merge(other: this): void
}

/** An accumulator that has one sketch for each group, made when the group's first value comes. */
export abstract class SketchColumn<S extends Sketch> implements Accumulator {
  #sketches: (S | undefined)[]

  constructor(capacity: number) {
    this.#sketches = new Array(capacity).fill(undefined)
  }

  abstract add(row: number, observation: Observation): void

  abstract save(slots: Int32Array, rows: Int32Array): Stepwise<unknown>

  abstract restore(saved: unknown, slots: Int32Array, rows: Int32Array): void

  protected abstract empty(): S

  at(row: number): S | undefined {
    return this.#sketches[row]
  }

  get bytes(): number {
    let bytes = 0
    for (const sketch of this.#sketches) bytes += sketch?.bytes ?? 0
    return bytes
  }

  merge(other: this, { from, to, length }: RowPairs): void {
    for (let i = 0; i < length; i++) {
      const sketch = other.#sketches[from[i]]
      if (sketch !== undefined) this.made(to[i]).merge(sketch)
    }
  }

  adopt(other: this, { from, to, length }: RowPairs): void {
    for (let i = 0; i < length; i++) this.#sketches[to[i]] = other.#sketches[from[i]]
  }

  protected made(row: number): S {
    return (this.#sketches[row] ??= this.empty())
  }

  protected *entries(slots: Int32Array, rows: Int32Array): Generator<[slot: number, S]> {
    for (let i = 0; i < rows.length; i++) {
      const sketch = this.#sketches[rows[i]]
      if (sketch !== undefined) yield [slots[i], sketch]
    }
  }

  protected put(entries: Iterable<readonly [slot: number, S]>, slots: Int32Array, rows: Int32Array): void {
    const rowOf = new Map<number, number>()
    for (let i = 0; i < slots.length; i++) rowOf.set(slots[i], rows[i])
    for (const [slot, sketch] of entries) this.#sketches[rowOf.get(slot)!] = sketch
  }
}
