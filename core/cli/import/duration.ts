/** Units of Go and Prometheus that Weir has not, in the largest that it has. */
const OTHER_UNITS: Readonly<Record<string, readonly [factor: number, unit: string]>> = {
  w: [7, 'd'],
  y: [365, 'd'],
  us: [0.001, 'ms'],
  µs: [0.001, 'ms'],
  ns: [0.000_001, 'ms']
}

/** A duration of Go or Prometheus as Weir writes it: `1w` is `7d`. A variable stays. Undefined: it is none. */
export function durationOf(text: string): string | undefined {
  if (/^\$\{env:[^}]*\}$/.test(text) || text === '0') return text
  if (!/^(\d+(\.\d+)?(ms|us|µs|ns|[smhdwy]))+$/.test(text)) return undefined
  const parts = [...text.matchAll(/([\d.]+)([a-zµ]+)/g)].map(([, amount, unit]) => {
    const [factor, own] = OTHER_UNITS[unit] ?? [1, unit]
    return [Number(amount) * factor, own] as const
  })
  // `1h0m0s`, as Go prints it.
  const kept = parts.filter(([amount]) => amount !== 0)
  return kept.length === 0 ? '0' : kept.map(([amount, unit]) => `${amount}${unit}`).join('')
}
