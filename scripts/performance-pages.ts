// Writes what docs/performance.md and docs/capacity.md show of bench/results.json: `node scripts/performance-pages.ts`
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseCase, SCENARIOS, type Scenario } from '../bench/programs/cases.ts'
import type { Figures } from '../bench/programs/measure.ts'
import { type CaseResult, meanOf, readResults } from '../bench/programs/results.ts'
import { costTable, detailTable } from '../bench/programs/tables.ts'
import { needsTable, unitCostTable } from './capacity.ts'
import { type Line, type LineChart, renderLineChart } from './line-chart.ts'

const ROOT = path.join(import.meta.dirname, '..')
const COLORS = {
  weir: '#1f77b4',
  'weir with journal': '#17becf',
  'weir, 2 workers': '#2ca02c',
  'weir with journal, 2 workers': '#98df8a',
  vmagent: '#d62728',
  otelcol: '#7f7f7f'
}
const CHARTED: readonly Scenario[] = ['windows-by', 'windows-all', 'through']

/** Pages by the file; each section stands between its markers. */
const SECTIONS: Readonly<Record<string, Readonly<Record<string, (results: readonly CaseResult[]) => string>>>> = {
  'docs/performance.md': { conditions, cost: costTable, details: detailTable },
  'docs/capacity.md': { 'unit costs': unitCostTable, needs: needsTable }
}

/** Files of the documentation that show results, as they are to be. */
export function renderPages(results: readonly CaseResult[]): Map<string, string> {
  const pages = Object.entries(SECTIONS).map(([file, sections]) => {
    let page = readFileSync(path.join(ROOT, file), 'utf8')
    for (const [name, render] of Object.entries(sections)) page = replaceSection(file, page, name, render(results))
    return [file, page] as const
  })
  return new Map([
    ...pages,
    ['docs/images/cost.svg', renderLineChart(costChart(results))],
    ['docs/images/memory.svg', renderLineChart(memoryChart(results))]
  ])
}

export function writePages(): void {
  for (const [file, text] of renderPages(readResults())) writeFileSync(path.join(ROOT, file), text)
}

function replaceSection(file: string, page: string, name: string, text: string): string {
  const begin = `<!-- generated: ${name} -->\n`
  const from = page.indexOf(begin)
  const to = page.indexOf('<!-- end -->', from)
  if (from < 0 || to < 0) throw new Error(`${file} has no section "${name}": it begins with ${begin}`)
  return `${page.slice(0, from)}${begin}\n${text}\n\n${page.slice(to)}`
}

/** The machine and the versions; several lines if cases were measured under several. */
function conditions(results: readonly CaseResult[]): string {
  const lines = results.map(({ machine, versions, seconds, runs }) => {
    const turns = runs.filter(({ program }) => program === 'weir').length
    const { node, ...programs } = versions
    const peers = Object.entries(programs).filter(([name]) => !name.startsWith('weir'))
    const beside = peers.map(([name, version]) => `, ${name} ${version}`).join('')
    return `- Weir ${versions.weir} on Node ${node}${beside}: ${machine}; ${turns} × ${seconds} s a program.`
  })
  return [...new Set(lines)].join('\n')
}

function costChart(results: readonly CaseResult[]): LineChart {
  return chart(results, 'CPU time of a point, µs', String, ({ pointsPerCpuSecond }) => 1e6 / pointsPerCpuSecond)
}

function memoryChart(results: readonly CaseResult[]): LineChart {
  const format = (mebibytes: number) => `${mebibytes.toLocaleString('en')} MiB`
  return chart(results, 'Resident memory, peak', format, ({ residentPeakBytes }) => residentPeakBytes / 2 ** 20)
}

/** A panel for each scenario: `value` against the number of series, points in order. */
function chart(
  results: readonly CaseResult[],
  title: string,
  formatY: LineChart['formatY'],
  value: (figures: Figures) => number
): LineChart {
  const panels = CHARTED.map(scenario => ({
    title: SCENARIOS[scenario],
    lines: Object.entries(COLORS).flatMap(([program, color]): Line[] => {
      const points = pointsOf(results, scenario, program, value)
      return points.length === 0 ? [] : [{ name: program.replace(/^weir/, 'Weir'), color, points }]
    })
  }))
  return { title, xTitle: 'Series', formatX: series => series.toLocaleString('en'), formatY, panels }
}

function pointsOf(
  results: readonly CaseResult[],
  scenario: Scenario,
  program: string,
  value: (figures: Figures) => number
): [number, number][] {
  return results.flatMap((result): [number, number][] => {
    const work = parseCase(result.case)
    const figures = meanOf(result, program)
    if (figures === undefined || work.scenario !== scenario || work.variant !== 'in order') return []
    return [[work.series, value(figures)]]
  })
}

if (import.meta.main) writePages()
