import assert from 'node:assert/strict'
import { test } from 'node:test'
import pino from 'pino'
import { Metrics } from '../../../core/telemetry/metrics.ts'
import { exportByOtlp } from '../../../core/telemetry/otlp-export.ts'
import { freePort } from '../../servers/free-port.ts'

const INTERVAL_MS = 50

test('regression: nobody heard that own metrics could not be exported, and stopping waited for ten seconds', async () => {
  const metrics = new Metrics()
  metrics.add({ name: 'a', type: 'gauge', help: '', read: () => [{ labels: {}, value: 1 }] })
  const { promise: said, resolve } = Promise.withResolvers<string>()
  const log = pino({}, { write: resolve })
  const stop = await exportByOtlp(metrics, `http://127.0.0.1:${await freePort()}/v1/metrics`, INTERVAL_MS, log)
  assert.match(await said, /ECONNREFUSED.*could not be exported/)
  const begun = performance.now()
  await stop()
  assert.ok(performance.now() - begun < 5000)
})
