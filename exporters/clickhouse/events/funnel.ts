import type { FunnelGroup, FunnelRequest } from '../../../core/event-queries/event-store.ts'
import { EVERYTHING } from '../promql/selector.ts'
import type { Statements } from '../promql/statements.ts'
import { allOf, fieldOf } from './conditions.ts'
import type { EventRows } from './rows.ts'

/** Counts actors by how far they came, by ClickHouse's `windowFunnel`. */
export async function storedFunnel(
  statements: Statements,
  rows: EventRows,
  request: FunnelRequest,
  signal: AbortSignal
): Promise<FunnelGroup[]> {
  const { of, steps, by, limit } = request
  const columns = [
    'time',
    `${fieldOf(of)} AS actor`,
    `${by === undefined ? "''" : fieldOf(by)} AS trait`,
    ...steps.map((matchers, i) => `${allOf(matchers)} AS s${i}`)
  ]
  const from = await rows.of(request, columns, signal, `${fieldOf(of)} != '' AND ${relevant(request)}`)
  const reached = steps.map((_, i) => `reached${i}`)
  const blocks = await statements.ask(
    `SELECT rank > ${limit} AS other, if(other, '', trait) AS value,
       ${reached.map(name => `toFloat64(sum(${name})) AS total_${name}`).join(', ')}
     FROM (
       SELECT first_trait AS trait, ${reached.map((name, i) => `countIf(level > ${i}) AS ${name}`).join(', ')},
         row_number() OVER (ORDER BY reached0 DESC, trait) AS rank
       FROM (${levels(request, from)}) WHERE level > 0 GROUP BY trait
     )
     GROUP BY other, value ORDER BY other, total_reached0 DESC, value`,
    signal
  )
  const groups = blocks.flatMap(block =>
    Array.from(
      { length: block.rows },
      (_, row): FunnelGroup => ({
        value: by === undefined || block.numbers('other')[row] === 1 ? undefined : block.texts('value')[row],
        reached: reached.map(name => block.numbers(`total_${name}`)[row])
      })
    )
  )
  return groups.length === 0 && by === undefined ? [{ value: undefined, reached: steps.map(() => 0) }] : groups
}

/** With `strict_order` an event of no step ends a chain, so all are read. */
function relevant({ steps, modes }: FunnelRequest): string {
  return modes.includes('strict_order') ? EVERYTHING : `(${steps.map(allOf).join(' OR ')})`
}

/** A row for each actor. */
function levels({ steps, windowMs, modes }: FunnelRequest, from: string): string {
  const parameters = [String(windowMs * 1000), ...['strict_once', ...modes].map(mode => `'${mode}'`)]
  const conditions = steps.map((_, i) => `s${i}`).join(', ')
  return `SELECT argMinIf(trait, (time, trait), s0) AS first_trait,
    windowFunnel(${parameters.join(', ')})(toUInt64(toUnixTimestamp64Micro(time)), ${conditions}) AS level
    FROM ${from} GROUP BY actor`
}
