import type { Cohort, RetentionRequest } from '../../../core/event-queries/event-store.ts'
import type { Statements } from '../promql/statements.ts'
import { allOf, fieldOf } from './conditions.ts'
import type { EventRows } from './rows.ts'

/** Counts actors by the period in which they joined, and by the periods in which they returned. */
export async function storedRetention(
  statements: Statements,
  rows: EventRows,
  request: RetentionRequest,
  signal: AbortSignal
): Promise<Cohort[]> {
  const { of, cohort, returning } = request
  const columns = ['time', `${fieldOf(of)} AS actor`, `${allOf(cohort)} AS joins`, `${allOf(returning)} AS returns`]
  const more = `${fieldOf(of)} != '' AND (${allOf(cohort)} OR ${allOf(returning)})`
  const from = await rows.of(request, columns, signal, more)
  const blocks = await statements.ask(
    `SELECT toFloat64(assumeNotNull(cohort)) AS cohort_index, toFloat64(back) AS back_index, toFloat64(count()) AS actors
     FROM (${visits(request, from)}) GROUP BY cohort, back`,
    signal
  )
  const cohorts = noActors(request)
  for (const block of blocks) {
    const [index, back, actors] = ['cohort_index', 'back_index', 'actors'].map(name => block.numbers(name))
    for (let row = 0; row < block.rows; row++) {
      const own = cohorts[index[row]]
      if (back[row] < 0) own.actors = actors[row]
      else own.returned[back[row]] = actors[row]
    }
  }
  return cohorts
}

/**
 * A row for each actor who joined, with `back` -1, and one for each period in which the actor returned: `back` is its
 * distance from the cohort. An actor's row for each period comes first: it is small, however many events there are.
 */
function visits({ start, periodMs, periods }: RetentionRequest, from: string): string {
  const period = `intDiv(toUnixTimestamp64Micro(time) - ${start * 1000}, ${periodMs * 1000})`
  return `SELECT min(if(joined > 0, period, NULL)) AS cohort, minIf(first_joined, joined > 0) AS since,
    arrayJoin(arrayPushFront(
      arrayFilter(back -> back >= 0 AND back <= ${periods},
        arrayMap(visit -> if(visit.2 >= since, visit.1 - assumeNotNull(cohort), -1),
          groupArrayIf((period, last_returned), returned > 0))),
      -1)) AS back
    FROM (
      SELECT actor, ${period} AS period, countIf(joins) AS joined, minIf(time, joins) AS first_joined,
        countIf(returns) AS returned, maxIf(time, returns) AS last_returned
      FROM ${from} GROUP BY actor, period
    )
    GROUP BY actor HAVING cohort IS NOT NULL`
}

function noActors({ start, end, periodMs, periods }: RetentionRequest) {
  return Array.from({ length: Math.ceil((end - start) / periodMs) }, (_, i) => ({
    start: start + i * periodMs,
    actors: 0,
    returned: new Array<number>(periods + 1).fill(0)
  }))
}
