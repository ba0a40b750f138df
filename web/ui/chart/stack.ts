type Row = readonly (number | null)[]

/**
 * Each row plus those behind it, so that the first one is the highest. Drawn in their order, each covers the lower part
 * of the one before, and what is seen of it is its own.
 */
export function stacked(rows: readonly Row[], hidden: ReadonlySet<number>): (number | null)[][] {
  const tops = rows.map(row => [...row])
  let below: Row | undefined
  for (let i = rows.length - 1; i >= 0; i--) {
    if (hidden.has(i)) continue
    const top = tops[i]
    const base = below
    if (base !== undefined)
      for (let at = 0; at < top.length; at++) if (base[at] !== null) top[at] = (top[at] ?? 0) + base[at]!
    below = top
  }
  return tops
}
