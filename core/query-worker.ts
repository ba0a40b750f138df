import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'

/** Above 0: while all cores are busy, the main thread gets three times the share of a thread of queries. */
const NICENESS = 5

// The program of each thread that evaluates queries. Only Linux has a priority for each thread; elsewhere it would be that of
// the whole process. Loading has it too: a thread may start while data comes in.
if (process.platform === 'linux') setPriority(NICENESS)
const { QueryHost } = await import('./queries/query-host.ts')
new QueryHost(parentPort!, workerData)
