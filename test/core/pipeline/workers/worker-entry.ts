import { parentPort, workerData } from 'node:worker_threads'
import { ReceiverHost } from '../../../../core/pipeline/workers/receiver-host.ts'
import { Registry } from '../../../../core/plugin/registry.ts'
import { commanded } from './commanded-receiver.ts'

const registry = new Registry({
  receiver: { commanded: async () => ({ default: commanded }) },
  processor: {},
  exporter: {},
  extension: {}
})
new ReceiverHost(parentPort!, workerData, registry)
