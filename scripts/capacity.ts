import { type CaseResult, meanOf } from '../bench/programs/results.ts'
import { table } from '../bench/programs/tables.ts'

const FEW = 50_000
const MANY = 1_000_000
const WINDOW_SECONDS = 10
/** Windows are sent for themselves, and added up to a total. */
const SAMPLES_PER_WINDOW = 2
/** Of the cores, so that peaks and a restart have room. */
const USED_SHARE = 0.7
/** Of the journal, for a backend or a processor that is behind. */
const JOURNAL_MINUTES = 10

type Work = 'windows-by' | 'windows-all'

interface User {
  readonly who: string
  readonly pointsPerSecond: number
  readonly series: number
  /** Counted apart by its windows. */
  readonly groups: number
  readonly work: Work
}

const USERS: readonly User[] = [
  { who: 'A team', pointsPerSecond: 10_000, series: FEW, groups: 1000, work: 'windows-by' },
  { who: 'A company', pointsPerSecond: 1_000_000, series: MANY, groups: 20_000, work: 'windows-by' },
  { who: 'A provider', pointsPerSecond: 10_000_000, series: 10_000_000, groups: 10_000_000, work: 'windows-all' },
  // Each device sends once a minute.
  { who: 'A fleet', pointsPerSecond: 1_666_667, series: 100_000_000, groups: 100_000_000, work: 'windows-all' }
]

/** What one point, sample and series cost. */
interface UnitCosts {
  /** µs of a core, with a journal. */
  readonly cpu: (work: Work, series: number) => number
  readonly receivedBytes: number
  readonly journalBytes: number
  readonly sampleBytes: number
  readonly seriesBytes: Readonly<Record<Work, number>>
  /** Of a process with few series. */
  readonly baseBytes: number
}

/** The unit costs, as measured. */
export function unitCostTable(results: readonly CaseResult[]): string {
  const { cpu, receivedBytes, journalBytes, sampleBytes, seriesBytes, baseBytes } = unitCosts(results)
  const of = (work: Work, series: number) => `${micros(cpu(work, series))} µs of a core`
  return table(
    ['Unit', 'Cost'],
    [
      [`A point in windows by two attributes, ${number(FEW)} series, with a journal`, of('windows-by', FEW)],
      [`The same, ${number(MANY)} series`, of('windows-by', MANY)],
      [`A point in windows with all attributes kept, ${number(MANY)} series, with a journal`, of('windows-all', MANY)],
      ['A point received, OTLP protobuf', `${receivedBytes.toFixed(0)} bytes of network`],
      ['A point in the journal', `${number(journalBytes)} bytes of disk`],
      ['A sample to the store', `${sampleBytes.toFixed(1)} bytes of network`],
      ['A series, windows by two attributes', `${number(seriesBytes['windows-by'])} bytes of memory`],
      ['A series, all attributes kept', `${number(seriesBytes['windows-all'])} bytes of memory`],
      ['A process', `${number(baseBytes / 2 ** 20)} MiB of memory`]
    ]
  )
}

/** The needs of each kind of user, with the arithmetic. */
export function needsTable(results: readonly CaseResult[]): string {
  const costs = unitCosts(results)
  return table(
    ['User', 'Load', 'Cores', 'Memory', 'Network in', 'Network out', 'Disk of the journal'],
    USERS.map(user => needsOf(user, costs))
  )
}

function needsOf({ who, pointsPerSecond, series, groups, work }: User, costs: UnitCosts): string[] {
  const cpu = costs.cpu(work, series)
  const cores = (pointsPerSecond * cpu) / 1e6 / USED_SHARE
  const processes = Math.max(1, Math.ceil(cores))
  const memory = processes * costs.baseBytes + series * costs.seriesBytes[work]
  const received = pointsPerSecond * costs.receivedBytes
  // A group is sent in the windows in which it has points, so no more often than those come.
  const samples = Math.min(groups / WINDOW_SECONDS, pointsPerSecond) * SAMPLES_PER_WINDOW
  const journal = pointsPerSecond * costs.journalBytes
  const rate = number(pointsPerSecond)
  return [
    who,
    `${rate} points/s of ${number(series)} series`,
    `${rate} × ${micros(cpu)} µs ÷ ${USED_SHARE} = **${rounded(cores)}**`,
    `${processes} × ${number(costs.baseBytes / 2 ** 20)} MiB + ${number(series)} × ${number(costs.seriesBytes[work])} B = **${gibibytes(memory)}**`,
    `${rate} × ${costs.receivedBytes.toFixed(0)} B = **${megabits(received)}**`,
    `${number(samples / SAMPLES_PER_WINDOW)} × ${SAMPLES_PER_WINDOW} × ${costs.sampleBytes.toFixed(1)} B = **${megabits(samples * costs.sampleBytes)}**`,
    `${rate} × ${number(costs.journalBytes)} B = **${megabytes(journal)}/s**, ${JOURNAL_MINUTES} min are **${gibibytes(journal * 60 * JOURNAL_MINUTES)}**`
  ]
}

function unitCosts(results: readonly CaseResult[]): UnitCosts {
  const few = figuresOf(results, 'windows-by', FEW, 'weir with journal')
  const through = figuresOf(results, 'through', FEW, 'weir')
  const seriesBytes = (work: Work) => {
    const [least, most] = [FEW, MANY].map(series => figuresOf(results, work, series, 'weir').residentPeakBytes)
    return (most - least) / (MANY - FEW)
  }
  return {
    cpu: (work, series) =>
      1e6 / figuresOf(results, work, series > FEW ? MANY : FEW, 'weir with journal').pointsPerCpuSecond,
    receivedBytes: few.bytesPerPoint,
    // With few groups: checkpoints write their state to the same disk.
    journalBytes: few.diskBytesPerPoint,
    sampleBytes: through.sinkBytes / through.sinkSamples,
    seriesBytes: { 'windows-by': seriesBytes('windows-by'), 'windows-all': seriesBytes('windows-all') },
    baseBytes: figuresOf(results, 'windows-by', FEW, 'weir').residentPeakBytes
  }
}

function figuresOf(results: readonly CaseResult[], scenario: string, series: number, program: string) {
  const name = `${scenario}/${series}`
  const result = results.find(found => found.case === name)
  const figures = result && meanOf(result, program)
  if (figures === undefined)
    throw new Error(`the capacity page needs ${program} at ${name}: measure it by npm run bench -- --keep ${name}`)
  return figures
}

const number = (value: number, digits = 0) => value.toLocaleString('en', { maximumFractionDigits: digits })
const micros = (value: number) => Number(value.toPrecision(3)).toString()
const gibibytes = (bytes: number) => `${rounded(bytes / 2 ** 30)} GiB`
const megabytes = (bytes: number) => `${rounded(bytes / 1e6)} MB`
const megabits = (bytes: number) => `${rounded((bytes * 8) / 1e6)} Mbit/s`

/** To two digits at least. */
function rounded(value: number): string {
  return value < 10 ? Number(value.toPrecision(2)).toString() : number(value)
}
