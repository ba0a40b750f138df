/**
 * The indices of numbers in the order in which these rise; equal ones stay in theirs. Rows come as a few runs that rise, one
 * for each part of a table and thread, which are merged: https://en.wikipedia.org/wiki/Merge_sort#Natural_merge_sort
 */
export function risingOrder(numbers: Float64Array): Uint32Array {
  let order = new Uint32Array(numbers.length)
  for (let i = 0; i < order.length; i++) order[i] = i
  let ends = endsOfRuns(numbers)
  let spare = new Uint32Array(numbers.length)
  while (ends.length > 1) {
    const merged: number[] = []
    for (let run = 0; run < ends.length; run += 2) {
      const [from, middle] = [run === 0 ? 0 : ends[run - 1], ends[run]]
      const end = ends[run + 1] ?? middle
      merge(numbers, order, spare, from, middle, end)
      merged.push(end)
    }
    ;[order, spare, ends] = [spare, order, merged]
  }
  return order
}

export function inOrder(numbers: Float64Array, order: Uint32Array): Float64Array {
  const ordered = new Float64Array(order.length)
  for (let i = 0; i < ordered.length; i++) ordered[i] = numbers[order[i]]
  return ordered
}

function endsOfRuns(numbers: Float64Array): number[] {
  const ends: number[] = []
  for (let i = 1; i < numbers.length; i++) if (numbers[i] < numbers[i - 1]) ends.push(i)
  if (numbers.length > 0) ends.push(numbers.length)
  return ends
}

/** Puts the runs `[from, middle)` and `[middle, end)` of `order` into `to` as one. */
function merge(
  numbers: Float64Array,
  order: Uint32Array,
  to: Uint32Array,
  from: number,
  middle: number,
  end: number
): void {
  let [left, right] = [from, middle]
  for (let at = from; at < end; at++) {
    const isLeft = right >= end || (left < middle && numbers[order[left]] <= numbers[order[right]])
    to[at] = isLeft ? order[left++] : order[right++]
  }
}
