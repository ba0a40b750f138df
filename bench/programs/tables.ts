import { parseCase, SCENARIOS } from './cases.ts'
import type { Figures } from './measure.ts'
import { type CaseResult, meanOf } from './results.ts'

const WEIR = 'weir'
const PROGRAMS = [WEIR, 'weir with journal', 'weir, 2 workers', 'weir with journal, 2 workers', 'vmagent', 'otelcol']
const PEERS = ['vmagent', 'otelcol']
const NONE = '–'
/** Smaller numbers are written out. */
const HARDLY_A_MILLION = 100_000

/** Points per CPU second of each program, and how many times that of each peer Weir's is. */
export function costTable(results: readonly CaseResult[]): string {
  const measured = PROGRAMS.filter(program => results.some(result => meanOf(result, program) !== undefined))
  const head = ['Work', 'Series', ...measured.map(capital), ...PEERS.map(peer => `Weir ÷ ${peer}`)]
  const rows = results.map(result => {
    const perCpuSecond = (program: string) => meanOf(result, program)?.pointsPerCpuSecond
    const own = perCpuSecond(WEIR)
    const ratios = PEERS.map(peer => ratio(own, perCpuSecond(peer)))
    return [...labelsOf(result), ...measured.map(program => millions(perCpuSecond(program))), ...ratios]
  })
  return table(head, rows)
}

/** Everything else that was measured: a row for each case and program. */
export function detailTable(results: readonly CaseResult[]): string {
  const rows = results.flatMap(result =>
    PROGRAMS.flatMap(program => {
      const figures = meanOf(result, program)
      return figures === undefined ? [] : [[...labelsOf(result), capital(program), ...detailsOf(figures)]]
    })
  )
  return table(
    [
      ...['Work', 'Series', 'Program', 'Points/s', 'CPU in the kernel', 'Resident, peak / end'],
      ...['Replies, p50 / p99', 'Refused requests', 'Samples to the sink', 'Bytes a sample', 'Sum in the sink']
    ],
    rows
  )
}

function detailsOf(figures: Figures): string[] {
  const { systemShare, residentPeakBytes, residentEndBytes, sinkSamples, sinkBytes } = figures
  return [
    millions(figures.pointsPerSecond),
    percent(systemShare),
    `${mebibytes(residentPeakBytes)} / ${mebibytes(residentEndBytes)} MiB`,
    figures.replyP50Ms === null ? NONE : `${figures.replyP50Ms.toFixed(1)} / ${figures.replyP99Ms!.toFixed(1)} ms`,
    figures.refusedRequests.toFixed(0),
    millions(sinkSamples),
    sinkSamples === 0 ? NONE : (sinkBytes / sinkSamples).toFixed(1),
    comparison(figures)
  ]
}

/** Lines that the kernel dropped were never received, so they are not in the sums. */
function comparison({ sumSent, sumStored, kernelDroppedLines }: Figures): string {
  const dropped = kernelDroppedLines > 0 ? `; the kernel dropped ${kernelDroppedLines.toFixed(0)} lines` : ''
  if (sumStored === null) return `not comparable${dropped}`
  return (sumStored === sumSent ? 'equal' : `${percent(sumStored / sumSent, 2)} of it`) + dropped
}

function labelsOf({ case: name }: CaseResult): [work: string, series: string] {
  const { scenario, series, variant } = parseCase(name)
  return [SCENARIOS[scenario] + (variant === 'in order' ? '' : `, ${variant}`), series.toLocaleString('en')]
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map(row => row[column].length)))
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`
  return [line(head), line(widths.map(width => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

const ratio = (own: number | undefined, other: number | undefined) =>
  own === undefined || other === undefined ? NONE : `${(own / other).toPrecision(2)} ×`
const percent = (share: number, digits = 0) => `${(share * 100).toFixed(digits)} %`
const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(0)
const capital = (program: string) => program.replace(/^weir/, 'Weir')

function millions(value: number | undefined): string {
  if (value === undefined) return NONE
  return value < HARDLY_A_MILLION ? Math.round(value).toLocaleString('en') : `${(value / 1e6).toPrecision(3)} M`
}
