import type { ComponentReport } from '../../admin/component-report.ts'
import type { Rate, Rates } from '../../admin/rates.ts'
import type { StatusReport } from '../../admin/status.ts'
import { count as countOf } from '../../plural.ts'
import { bytes, compact, count, duration } from '../../readable.ts'

/** Below it, seconds have a decimal. */
const SHORT_S = 60
/** Backends and plugins write reasons: what would move the cursor or change colors is no part of a text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g
const GAP = '  '

type Row = readonly string[]
/** Numbers are at the right of their column. */
type Column = readonly [heading: string, side?: 'right']

const COMPONENTS: readonly Column[] = [
  ['COMPONENT'],
  ['STATE'],
  ['IN/S', 'right'],
  ['OUT/S', 'right'],
  ['DROPPED/S', 'right'],
  ['IN FLIGHT', 'right'],
  ['QUEUE', 'right'],
  ['OLDEST', 'right'],
  ['LAG', 'right']
]
const DROPS: readonly Column[] = [['DROPPED BY'], ['REASON'], ['ITEMS', 'right'], ['PER SECOND', 'right']]

/** The state of a running Weir as lines: how fast it is, what waits, what is lost and why, and how late it is. */
export function tableOf(status: StatusReport, rates: Rates): string[] {
  const { phase, uptimeSeconds, components } = status
  // Extensions have no items.
  const shown = components.filter(({ kind }) => kind !== 'extension').map(one => ({ one, rate: rates.of(one) }))
  const unaccounted = components.reduce((sum, { account }) => sum + Math.abs(account.imbalance), 0)
  const drops = shown.flatMap(({ one, rate }) => dropRows(one, rate))
  const lines = [
    `Weir is ${phase}, for ${duration(uptimeSeconds)}; ${countOf(unaccounted, 'item')} unaccounted for; memory ${memoryOf(status)}`,
    ...problemLines(components),
    '',
    ...aligned(
      COMPONENTS,
      shown.map(({ one, rate }) => componentRow(one, rate))
    ),
    ...(drops.length === 0 ? [] : ['', ...aligned(DROPS, drops)])
  ]
  return lines.map(line => line.replace(CONTROL, '?').trimEnd())
}

function componentRow(component: ComponentReport, rate: Rate): Row {
  const { state, account, queue, diskBuffer, watermarkLagSeconds, newestItemSeconds } = component
  const disk = diskBuffer === undefined || diskBuffer.usedBytes === 0 ? '' : ` + ${bytes(diskBuffer.usedBytes)} on disk`
  return [
    nameOf(component),
    state,
    perSecond(rate.in),
    perSecond(rate.out),
    perSecond(Object.values(rate.dropped).reduce((sum, one) => sum + one, 0)),
    count(account.inFlight),
    queue === undefined ? '' : `${bytes(queue.usedBytes)} of ${bytes(queue.capacityBytes)}${disk}`,
    seconds(queue?.oldestSeconds),
    seconds(watermarkLagSeconds ?? newestItemSeconds)
  ]
}

function dropRows(component: ComponentReport, rate: Rate): Row[] {
  const reasons = Object.entries(component.account.dropped).filter(([, items]) => items !== 0)
  return reasons.map(([reason, items]) => [nameOf(component), reason, count(items), perSecond(rate.dropped[reason])])
}

function problemLines(components: readonly ComponentReport[]): string[] {
  const bad = components.filter(({ state }) => state !== 'ok')
  return bad.map(one => `${nameOf(one)} is ${one.state}${one.reason === undefined ? '' : `: ${one.reason}`}`)
}

const nameOf = ({ kind, id, pipeline }: ComponentReport) => `${kind} ${id}${pipeline ? ` in ${pipeline}` : ''}`

const memoryOf = ({ credits: { inFlight } }: StatusReport) =>
  `${bytes(inFlight.usedBytes)} of ${bytes(inFlight.capacityBytes)} in flight`

/** Few of them are told from none. */
const perSecond = (value: number) => (value > 0 && value < 0.05 ? '<0.1' : compact(value))

function seconds(value: number | undefined): string {
  if (value === undefined) return ''
  return value < SHORT_S ? `${value.toFixed(1)}s` : duration(value)
}

function aligned(columns: readonly Column[], rows: readonly Row[]): string[] {
  const all = [columns.map(([heading]) => heading), ...rows]
  const widths = columns.map((_, i) => Math.max(...all.map(row => row[i].length)))
  return all.map(row =>
    columns.map(([, side], i) => (side === 'right' ? row[i].padStart(widths[i]) : row[i].padEnd(widths[i]))).join(GAP)
  )
}
