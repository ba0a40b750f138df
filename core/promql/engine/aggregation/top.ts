import { FLOAT, type Row } from '../rows.ts'
import { countsOf } from './count-parameter.ts'
import type { Group } from './grouping.ts'
import { emptyCopy, groupsOfCall, type ParameterCall } from './parameter-aggregation.ts'

/** The k largest floats of each group; those of one time from the largest to the smallest. */
export function topRows(call: ParameterCall): Promise<Row[]> {
  return chosenRows(call, (a, b) => a > b)
}

/** The k smallest. */
export function bottomRows(call: ParameterCall): Promise<Row[]> {
  return chosenRows(call, (a, b) => a < b)
}

type Better = (a: number, b: number) => boolean

async function chosenRows(call: ParameterCall, better: Better): Promise<Row[]> {
  const { query, times } = call
  const counts = countsOf(call)
  const results: Row[] = []
  for (const group of groupsOfCall(call)) {
    if (group.rows.some(({ histograms }) => histograms !== undefined)) informIgnored(call)
    const copies = new Map<Row, Row>()
    for (let step = 0; step < times.count; step++) {
      if (query.turns.due) await query.turns.next()
      const count = Math.min(counts[step]!, group.rows.length)
      for (const row of count < 1 ? [] : best(group, step, count, better)) {
        const copy = copies.get(row) ?? emptyCopy(call, row)
        copies.set(row, copy)
        copy.kinds[step] = FLOAT
        copy.values[step] = row.values[step]!
      }
    }
    // Of one time, they are in their order.
    for (const copy of copies.values()) results.push(copy)
  }
  return results
}

function informIgnored({ query, expr }: ParameterCall): void {
  query.remarks.infoAt(expr.span, `ignored histogram in ${expr.op} aggregation`)
}

/** The best rows at a time, the best one first. Of equal ones the earlier row is better, and NaN is the worst. */
function best(group: Group, step: number, count: number, better: Better): Row[] {
  const heap = new WorstFirst(group.rows, step, better)
  for (let index = 0; index < group.rows.length; index++) {
    if (group.rows[index]!.kinds[step] !== FLOAT) continue
    if (heap.size < count) heap.push(index)
    else if (heap.isBetter(index, heap.worst)) heap.replaceWorst(index)
  }
  return heap.bestFirst().map(index => group.rows[index]!)
}

/** A binary heap of indices of rows, with the worst one on top. */
class WorstFirst {
  readonly #rows: readonly Row[]
  readonly #step: number
  readonly #better: Better
  readonly #heap: number[] = []

  constructor(rows: readonly Row[], step: number, better: Better) {
    this.#rows = rows
    this.#step = step
    this.#better = better
  }

  get size(): number {
    return this.#heap.length
  }

  get worst(): number {
    return this.#heap[0]!
  }

  push(index: number): void {
    const heap = this.#heap
    let at = heap.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.isBetter(heap[parent]!, index)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = index
  }

  replaceWorst(index: number): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.isBetter(heap[child]!, heap[child + 1]!)) child++
      if (!this.isBetter(index, heap[child]!)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = index
  }

  bestFirst(): number[] {
    return this.#heap.toSorted((a, b) => (this.isBetter(a, b) ? -1 : 1))
  }

  isBetter(a: number, b: number): boolean {
    const left = this.#rows[a]!.values[this.#step]!
    const right = this.#rows[b]!.values[this.#step]!
    if (this.#better(left, right)) return true
    if (this.#better(right, left)) return false
    if (Number.isNaN(left) !== Number.isNaN(right)) return Number.isNaN(right)
    return a < b
  }
}
