import { setImmediate } from 'node:timers/promises'
import type { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import { collectGarbage } from '../../../garbage.ts'

/** Enough epochs for everything that nobody uses to go. */
export async function expireIdle(table: SeriesTable): Promise<void> {
  for (let epoch = 0; epoch < 8; epoch++) {
    // What a job has looked at weakly is kept until its end.
    await setImmediate()
    collectGarbage()
    runThrough(table.expireIdle(1))
  }
}
