import { parentPort, workerData } from 'node:worker_threads'
import { builtIns } from '../built-ins.ts'
import { ReceiverHost } from './pipeline/workers/receiver-host.ts'
import { Registry } from './plugin/registry.ts'

// The program of each worker that `service.workers` asks for.
new ReceiverHost(parentPort!, workerData, new Registry(builtIns))
