/** `list` with the entry at `at` before its neighbour, or behind it. At an end it stays where it is. */
export function moved<T>(list: readonly T[], at: number, by: -1 | 1): readonly T[] {
  const target = at + by
  if (target < 0 || target >= list.length) return list
  return list.toSpliced(at, 1).toSpliced(target, 0, list[at])
}
