import type { Grid } from '../app/promql.ts'
import { type Counted, countOf, type GroupsAnswer } from './event-answers.ts'
import { groupName } from './group-name.ts'
import type { Figures } from './instant.ts'
import type { Results } from './results.ts'

/** Counts of groups over time, for a chart: each step's at its begin. @param name of the only group */
export function eventResults({ result, other }: GroupsAnswer, grid: Grid, name: string): Results {
  const lines = namedGroups({ result, other }, name).map(([legend, { points = [] }]) => ({
    legend,
    values: points.map(([time, value]) => [time, String(value)] as const)
  }))
  const seen = lines.some(({ values }) => values.some(([, value]) => value !== '0'))
  const last = lines[0]?.values.at(-1)?.[0] ?? grid.end
  return {
    grid: { ...grid, end: last },
    queries: lines.map(({ legend }) => ({ query: legend, legend })),
    answers: lines.map(({ values }) => ({
      data: { resultType: 'matrix', result: seen ? [{ metric: {}, values }] : [] },
      warnings: [],
      infos: []
    })),
    completeness: ''
  }
}

/** Numbers of events in the whole range. @param name of the only group */
export function eventFigures({ result, other }: GroupsAnswer, name: string): Figures {
  const figures = namedGroups({ result, other }, name).map(([group, counted]) => ({
    name: group,
    labels: { group },
    value: countOf(counted)
  }))
  return { column: name, figures }
}

function namedGroups({ result, other }: GroupsAnswer, name: string): readonly (readonly [string, Counted])[] {
  const isAll = result.length === 1 && other === undefined && Object.keys(result[0].labels).length === 0
  const groups = result.map(group => [isAll ? name : groupName(group.labels), group] as const)
  return other === undefined ? groups : [...groups, ['all others', other] as const]
}
