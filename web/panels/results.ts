import type { Answer, Grid, QueryData } from '../app/promql.ts'
import { type ChartData, chartDataOf, type HeatmapData, heatmapDataOf } from '../ui/chart/data.ts'
import { localTime } from '../ui/format.ts'
import { legendText } from './legend-text.ts'

export interface PanelQuery {
  readonly query: string
  /** `{{plan}}`; all labels by default. */
  readonly legend?: string
}

/** Answers of a panel's queries over one grid. */
export interface Results {
  readonly grid: Grid
  readonly answers: readonly Answer<QueryData>[]
  readonly queries: readonly PanelQuery[]
  /** Up to when the answers are complete. Found in the answers if it is not given. */
  readonly completeness?: string
}

/** Lines of all queries, with their names. */
export function linesOf({ grid, answers, queries }: Results): {
  readonly data: ChartData
  readonly names: readonly string[]
} {
  const parts = answers.map(({ data }) => chartDataOf(data, grid))
  const names = parts.flatMap(({ lines }, i) => lines.map(({ labels }) => nameOf(queries[i], labels)))
  return { data: { times: parts[0]?.times ?? [], lines: parts.flatMap(({ lines }) => lines) }, names }
}

/** Buckets of the first query that has some. */
export function bucketsOf({ grid, answers }: Results): HeatmapData | undefined {
  for (const { data } of answers) {
    const found = heatmapDataOf(data, grid)
    if (found !== undefined) return found
  }
  return undefined
}

export function remarksOf({ answers }: Results): string[] {
  return [...new Set(answers.flatMap(({ warnings }) => warnings))]
}

const TIER = /intervals of (\S+) were used, which are complete up to (\S+)$/

/** Which samples answered, and up to when they are complete. */
export function completenessOf({ answers, grid, completeness }: Results): string {
  if (completeness !== undefined) return completeness
  const infos = answers.flatMap(({ infos }) => infos)
  const tiers = infos.flatMap(info => {
    const [, name, time] = TIER.exec(info) ?? []
    return name === undefined ? [] : [`intervals of ${name}, complete up to ${localTime(Date.parse(time) / 1000)}`]
  })
  if (tiers.length > 0) return [...new Set(tiers)].join('; ')
  const newest = newestOf(answers.map(({ data }) => data))
  // The grid's last time may lie before the newest sample, but nothing after it is shown.
  return newest === undefined ? '' : `raw samples, complete up to ${localTime(Math.min(newest, grid.end))}`
}

/** Infos that are not about the samples used. */
export function infosOf({ answers }: Results): string[] {
  return [...new Set(answers.flatMap(({ infos }) => infos).filter(info => !TIER.test(info)))]
}

function nameOf({ query, legend }: PanelQuery, labels: Readonly<Record<string, string>>): string {
  return Object.keys(labels).length === 0 && !legend ? query : legendText(labels, legend)
}

function newestOf(all: readonly QueryData[]): number | undefined {
  let newest: number | undefined
  for (const data of all) {
    if (data.resultType !== 'matrix') continue
    for (const { values, histograms } of data.result) {
      const time = (values ?? histograms)?.at(-1)?.[0]
      if (time !== undefined && time > (newest ?? 0)) newest = time
    }
  }
  return newest
}
