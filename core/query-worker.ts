import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { QueryHost } from './queries/query-host.ts'

/** Above 0: while all cores are busy, the main thread gets three times the share of a thread of queries. */
const NICENESS = 5

// The program of each thread that evaluates queries. Only Linux has a priority for each thread; elsewhere it would be that of
// the whole process.
if (process.platform === 'linux') setPriority(NICENESS)
new QueryHost(parentPort!, workerData)
