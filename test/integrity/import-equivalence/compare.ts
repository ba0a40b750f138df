import type { Written } from './sinks.ts'

/**
 * `windows`: the values of all windows in which something came. `last`: the value that is left, as of totals.
 * `sum`: all values together.
 */
export type Comparison = 'windows' | 'last' | 'sum'

export interface Expected {
  /** Series of the tool that have no twin, by the text of their labels. */
  readonly withoutTwin?: RegExp
  readonly compare: (series: string) => Comparison
  /** How far apart two values may be, as a share of the greater. */
  readonly tolerance?: (series: string) => number
  /** The tool's name of a series, as Weir writes it. */
  readonly renamed?: (series: string) => string
}

export interface Compared {
  readonly series: number
  readonly values: number
  /** One line each. */
  readonly differences: readonly string[]
}

/** Compares what a tool and Weir wrote. */
export function compareWritten(theirs: Written, ours: Written, expected: Expected): Compared {
  const { withoutTwin, compare, tolerance = () => 1e-12, renamed = series => series } = expected
  const wanted = [...theirs].filter(([series]) => withoutTwin?.test(series) !== true)
  const differences: string[] = []
  const seen = new Set<string>()
  let values = 0
  for (const [series, all] of wanted) {
    const name = renamed(series)
    seen.add(name)
    const want = reduced(all, compare(series))
    const got = reduced(ours.get(name) ?? [], compare(series))
    values += want.length
    const isSame = want.length === got.length && want.every((value, i) => isNear(value, got[i], tolerance(series)))
    if (!isSame)
      differences.push(`${series}: ${want.join(', ') || 'nothing'} there, ${got.join(', ') || 'nothing'} here`)
  }
  for (const [series, all] of ours)
    if (!seen.has(series) && reduced(all, 'windows').length > 0)
      differences.push(`${series}: nothing there, ${all.join(', ')} here`)
  return { series: wanted.length, values, differences }
}

/** Windows without input are 0 there and nothing here. */
function reduced(values: readonly number[], comparison: Comparison): readonly number[] {
  const counted = values.filter(value => value !== 0)
  if (comparison === 'windows' || counted.length === 0) return counted
  return [comparison === 'last' ? values.at(-1)! : values.reduce((sum, value) => sum + value, 0)]
}

const isNear = (a: number, b: number, share: number) => Math.abs(a - b) <= share * Math.max(Math.abs(a), Math.abs(b))
