import type { EventGroup, GroupsRequest, Measure } from '../../../core/event-queries/event-store.ts'
import type { NativeColumns } from '../promql/native-reader.ts'
import { quoted } from '../promql/sql-text.ts'
import type { Statements } from '../promql/statements.ts'
import { fieldOf } from './conditions.ts'
import type { EventRows } from './rows.ts'

/**
 * Hashes of 64 bits are kept in 16 to 32 bytes each: 30 million of them are counted in 1 GiB. `uniqCombined64(20)` is as fast,
 * and was off by 7 of 50,000.
 */
const DISTINCT = 'uniqExact(sipHash64(member))'

/** Counts events in groups, or distinct values of an attribute of theirs. */
export async function storedGroups(
  statements: Statements,
  rows: EventRows,
  request: GroupsRequest,
  signal: AbortSignal
): Promise<EventGroup[]> {
  const { by, of, limit, stepMs } = request
  const columns = ['time', 'value', ...by.map((name, i) => `${fieldOf(name)} AS k${i}`)]
  if (of !== undefined) columns.push(`${fieldOf(of)} AS member`)
  const from = await rows.of(request, columns, signal, of === undefined ? undefined : `${fieldOf(of)} != ''`)
  const largest = by.length === 0 ? [] : await largestOf(statements, request, from, signal)
  if (stepMs === undefined && by.length > 0 && largest.length <= limit) return largest
  return foldedGroups(statements, request, { from, kept: largest.slice(0, limit) }, signal)
}

/** One more than asked for, if there are more. */
async function largestOf(statements: Statements, request: GroupsRequest, from: string, signal: AbortSignal) {
  const keys = keysOf(request)
  const blocks = await statements.ask(
    `SELECT ${keys.join(', ')}, ${measuresOf(request)} FROM ${from}
     GROUP BY ${keys.join(', ')} ORDER BY first DESC, ${keys.join(', ')} LIMIT ${request.limit + 1}`,
    signal
  )
  return blocks.flatMap(block =>
    Array.from(
      { length: block.rows },
      (_, row): EventGroup => ({
        values: keys.map(key => block.texts(key)[row]),
        total: measureAt(block, row),
        steps: []
      })
    )
  )
}

interface Folding {
  readonly from: string
  readonly kept: readonly EventGroup[]
}

/** The kept groups, and all others as one. */
async function foldedGroups(
  statements: Statements,
  request: GroupsRequest,
  { from, kept }: Folding,
  signal: AbortSignal
): Promise<EventGroup[]> {
  const keys = keysOf(request)
  const tuples = kept.map(({ values }) => `(${values!.map(quoted).join(', ')})`)
  const isOther = tuples.length === 0 ? 'toUInt8(0)' : `(${keys.join(', ')}) NOT IN (${tuples.join(', ')})`
  const folded = keys.map((key, i) => `if(other, '', ${key}) AS g${i}`)
  const groups = ['other', ...keys.map((_, i) => `g${i}`)]
  const { step, sets } = stepsOf(request, groups)
  const blocks = await statements.ask(
    `SELECT ${groups.join(', ')}, ${step.isTotal} AS total, ${step.name} AS step, ${measuresOf(request)}
     FROM (SELECT *, ${[`${isOther} AS other`, ...folded, ...step.column].join(', ')} FROM ${from})
     GROUP BY ${sets}`,
    signal
  )
  return gathered(request, kept, blocks)
}

function stepsOf({ start, stepMs }: GroupsRequest, groups: readonly string[]) {
  if (stepMs === undefined)
    return { step: { column: [], name: 'toUInt32(0)', isTotal: 'toUInt8(1)' }, sets: groups.join(', ') }
  const index = `intDiv(toUnixTimestamp64Micro(time) - ${start * 1000}, ${stepMs * 1000})`
  return {
    step: {
      column: [`toUInt32(${index}) AS step_index`],
      name: 'step_index',
      isTotal: 'toUInt8(grouping(step_index))'
    },
    sets: `GROUPING SETS ((${groups.join(', ')}), (${groups.join(', ')}, step_index))`
  }
}

function gathered(request: GroupsRequest, kept: readonly EventGroup[], blocks: readonly NativeColumns[]): EventGroup[] {
  const { by, start, end, stepMs } = request
  const steps = stepMs === undefined ? 0 : Math.ceil((end - start) / stepMs)
  const none = (values: EventGroup['values']) => ({
    values,
    total: NOTHING,
    steps: new Array<Measure>(steps).fill(NOTHING)
  })
  const groups = by.length === 0 ? [none([])] : kept.map(({ values }) => none(values))
  const byKey = new Map(groups.map(group => [JSON.stringify(group.values), group]))
  let others: ReturnType<typeof none> | undefined
  for (const block of blocks) {
    const [other, isTotal, step] = ['other', 'total', 'step'].map(name => block.numbers(name))
    const texts = by.map((_, i) => block.texts(`g${i}`))
    for (let row = 0; row < block.rows; row++) {
      const known = byKey.get(JSON.stringify(texts.map(column => column[row])))
      const group = other[row] === 0 && known !== undefined ? known : (others ??= none(undefined))
      const measure = measureAt(block, row)
      if (isTotal[row] === 1) group.total = measure
      else group.steps[step[row]] = measure
    }
  }
  return others === undefined ? groups : [...groups, others]
}

const NOTHING: Measure = [0, 0]

const keysOf = ({ by }: GroupsRequest) => by.map((_, i) => `k${i}`)

const measuresOf = ({ of }: GroupsRequest) =>
  of === undefined
    ? 'toFloat64(count()) AS first, sum(value) AS second'
    : `toFloat64(${DISTINCT}) AS first, toFloat64(count()) AS second`

const measureAt = (block: NativeColumns, row: number): Measure => [
  block.numbers('first')[row],
  block.numbers('second')[row]
]
