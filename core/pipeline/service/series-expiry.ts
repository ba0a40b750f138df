import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import { runInTurns, type Stepwise } from '../../model/stepwise.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { Metrics } from '../../telemetry/metrics.ts'

const EPOCH_MS = 30_000
/** A series goes if it was silent for so many epochs, and nobody has it. */
const IDLE_EPOCHS = 4
/** If there is no room, epochs are shorter, and one is enough. */
const SHORT_EPOCH_MS = 10_000
const LOOK_MS = 1000
/** Work before others have their turn. */
const RUN_MS = 2

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/**
 * Removes idle series from time to time, in steps between other work. Returns a function that ends it.
 * @param isFull true if series are refused, here or in the table of another thread
 */
export function expireSeries(table: SeriesTable, clock: Clock, isFull = () => table.isFull): () => void {
  let began = clock.now()
  let run: Stepwise<void> | undefined
  const takeSteps = (work: Stepwise<void>) =>
    runInTurns(work, RUN_MS, () => {
      run = undefined
    })
  const look = () => {
    cancel = clock.setTimer(LOOK_MS, look)
    const hasNoRoom = isFull()
    const now = clock.now()
    if (run !== undefined || now - began < (hasNoRoom ? SHORT_EPOCH_MS : EPOCH_MS)) return
    began = now
    const work = table.expireIdle(hasNoRoom ? 1 : IDLE_EPOCHS)
    run = work
    if (!hasNoRoom || !table.hasOldBlocks) return takeSteps(work)
    // Without garbage the collector has no reason to run, and blocks that nobody has any more would keep the table full.
    // Later, for until the end of a job nothing goes that it has looked at weakly.
    setImmediate(() => {
      collectGarbage()
      takeSteps(work)
    })
  }
  let cancel = clock.setTimer(LOOK_MS, look)
  return () => {
    cancel()
    run?.return()
  }
}

export function exposeSeries(metrics: Metrics, table: SeriesTable): void {
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.add({ name, help, type: 'gauge', read: () => [{ labels: {}, value: read() }] })
  gauge('weir_series', 'Series known, received and derived.', () => table.size)
  gauge('weir_series_table_bytes', 'Memory of the series table.', () => table.bytes)
}
