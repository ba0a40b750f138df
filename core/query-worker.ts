import { parentPort, workerData } from 'node:worker_threads'
import { QueryHost } from './queries/query-host.ts'

// The program of each thread that evaluates queries.
new QueryHost(parentPort!, workerData)
