// A program that heap-growth.test.ts starts: makes garbage outside of the heap, beside a table that is kept. Prints, as
// JSON, how many MiB of it there were after each round.
import { setImmediate, setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { GROWTH_WITH_WORKERS, limitHeapGrowth, raiseHeapGrowth } from '../../core/heap-growth.ts'
import { collectGarbage } from '../garbage.ts'

const MIB = 2 ** 20
/** Nothing is written there, so it takes no memory of the machine. By default a twentieth of it at least may be garbage. */
const KEPT_MIB = 2048
const KEPT_AT_ONCE_MIB = 4
const GARBAGE_MIB = 8
const ROUNDS = 100
/** Longer than the time after which the size of memory outside of the heap is looked at again. */
const LOOKED_AT_MS = 1200

const growth = process.argv[2]
setFlagsFromString('--external-memory-accounted-in-global-limit')
if (growth !== 'default') limitHeapGrowth()
if (growth === 'workers') raiseHeapGrowth(GROWTH_WITH_WORKERS)
const kept = Array.from({ length: KEPT_MIB / KEPT_AT_ONCE_MIB }, () => new ArrayBuffer(KEPT_AT_ONCE_MIB * MIB))
await setTimeout(LOOKED_AT_MS)
collectGarbage()
const garbage: number[] = []
while (garbage.length < ROUNDS) {
  makeOldGarbage()
  await setImmediate()
  garbage.push(process.memoryUsage().external / MIB - KEPT_MIB)
}
process.stdout.write(JSON.stringify({ kept: kept.length * KEPT_AT_ONCE_MIB, garbage }))

/** What has lived through two scavenges is freed once the heap is marked, not before. */
function makeOldGarbage(): void {
  const young = Array.from({ length: GARBAGE_MIB }, () => new ArrayBuffer(MIB))
  collectGarbage({ type: 'minor' })
  collectGarbage({ type: 'minor' })
  young.length = 0
}
