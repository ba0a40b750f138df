import type { Labels } from '../../../core/promql/labels.ts'
import { boundText } from '../../../core/wire/prometheus/bounds.ts'
import { numbersAt } from './distribution-rows.ts'
import { FORM_LABELS } from './forms.ts'
import type { Selector } from './selector.ts'
import type { FoundSeries } from './series-index.ts'
import { quotedList, timeText } from './sql-text.ts'
import type { Statements } from './statements.ts'

/** Bounds and quantiles seldom change: they are looked for in the last points, and in some of all if there are none. */
const RECENT_MS = 600_000
const MOST_POINTS = 100_000
const INFINITY = boundText(Number.POSITIVE_INFINITY)

/** Texts of `le` or `quantile` that a metric has. */
interface Generated {
  readonly bucket: readonly string[]
  readonly quantile: readonly string[]
}

/** Label sets of found series: those of buckets and quantiles are told apart by the bounds and quantiles of their metric. */
export class GeneratedLabels {
  readonly #database: string
  readonly #statements: Statements

  constructor(database: string, statements: Statements) {
    this.#database = database
    this.#statements = statements
  }

  /** @param start, end Unix ms */
  async labelSets(
    found: readonly FoundSeries[],
    { selector, suffix, start, end }: SeriesRange,
    signal: AbortSignal
  ): Promise<Labels[]> {
    const parted = found.filter(({ form }) => FORM_LABELS[form] !== undefined)
    if (parted.length === 0) return found.map(({ labels }) => labels)
    const names = [...new Set(parted.map(({ metric }) => metric.name))]
    const known = await this.#read(names, suffix, Math.max(start, end - RECENT_MS), end, signal)
    const rest = names.filter(name => !known.has(name))
    const older = rest.length === 0 ? [] : await this.#read(rest, suffix, start, end, signal)
    const byName = new Map([...known, ...older])
    return found.flatMap(({ labels, metric, form }) => {
      if (form !== 'bucket' && form !== 'quantile') return [labels]
      const texts = byName.get(metric.name)?.[form] ?? []
      const label = FORM_LABELS[form]!
      return texts.filter(text => selector.matchesLabel(label, text)).map(text => labels.with([[label, text]]))
    })
  }

  async #read(names: readonly string[], suffix: string, start: number, end: number, signal: AbortSignal) {
    const blocks = await this.#statements.ask(
      `SELECT CAST(name, 'String') AS metric, groupUniqArrayArray(bounds) AS edges,
         groupUniqArrayArray(mapKeys(quantiles)) AS ranks
       FROM (SELECT name, bounds, quantiles FROM ${this.#database}.distributions${suffix}
         WHERE name IN ${quotedList(names)} AND time >= ${timeText(start)} AND time < ${timeText(end + 1)} LIMIT ${MOST_POINTS})
       GROUP BY metric`,
      signal
    )
    const generated = new Map<string, Generated>()
    for (const block of blocks)
      for (const [row, name] of block.texts('metric').entries()) {
        const bounds = numbersAt(block.list('edges'), row).map(boundText)
        const quantile = numbersAt(block.list('ranks'), row).map(String)
        generated.set(name, { bucket: [...new Set([...bounds, INFINITY])], quantile })
      }
    return generated
  }
}

interface SeriesRange {
  readonly selector: Selector
  readonly suffix: string
  readonly start: number
  readonly end: number
}
