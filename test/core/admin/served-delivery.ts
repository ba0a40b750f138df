import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { NEVER } from 'rxjs'
import { readConfig } from '../../../core/config/validate.ts'
import { type BuiltService, buildService } from '../../../core/pipeline/service/build.ts'
import { NO_ACCESS } from '../../../core/plugin/access.ts'
import { Registry } from '../../../core/plugin/registry.ts'
import { StoreRegistry } from '../../../core/plugin/stores.ts'
import { Metrics } from '../../../core/telemetry/metrics.ts'
import { defineExporter, defineProcessor, defineReceiver } from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'

const CONFIG = `
receivers: { quiet: }
processors: { limiter/a: }
exporters: { store: }
service: { pipelines: { metrics: { receivers: [quiet], processors: [limiter/a], exporters: [store] } } }
`
const schema = { type: 'object', properties: {} } as const
const about = { stability: 'development', description: 'For tests of the admin server.', schema } as const

const quiet = defineReceiver({
  ...about,
  type: 'quiet',
  ports: { out: 'points' },
  create: () => ({ batches$: NEVER, async start() {}, async stop() {} })
})

const limiter = defineProcessor({
  ...about,
  type: 'limiter',
  ports: { in: 'points', out: 'points' },
  create(_config, { admin }) {
    admin.report('cardinality', () => ({ admitted: 1 }))
    return { process: block => block }
  }
})

/** Answers `rows` at `query`, and fails at `broken`. */
const store = defineExporter({
  ...about,
  type: 'store',
  ports: { in: 'points' },
  create(_config, { admin }) {
    admin.route('post', 'query', (_request, response) => void response.send('rows'))
    admin.route('get', 'broken', () => assert.fail('broken'))
    return { async export() {} }
  }
})

/** Everything that `weir run` connects, not started: a receiver, a processor that reports, an exporter with routes. */
export async function servedDelivery(): Promise<BuiltService> {
  const registry = new Registry({
    receiver: { quiet: async () => ({ default: quiet }) },
    processor: { limiter: async () => ({ default: limiter }) },
    exporter: { store: async () => ({ default: store }) },
    extension: {}
  })
  return builtFrom(CONFIG, registry)
}

/** Everything that `weir run` connects for a configuration, not started. */
export async function builtFrom(yaml: string, registry: Registry): Promise<BuiltService> {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-admin-'))
  const file = path.join(folder, 'weir.yaml')
  writeFileSync(file, yaml)
  const { config, problems } = await readConfig([file], {}, registry)
  rmSync(folder, { recursive: true })
  assert.ok(config, problems.format())
  const { log, clock, series } = testContext()
  return buildService(
    config,
    {
      log,
      clock,
      series,
      metrics: new Metrics(),
      requestsWanted: new Set(),
      access: NO_ACCESS,
      stores: new StoreRegistry(),
      routes: new Map(),
      sites: new Map(),
      reports: new Set(),
      announcements: [],
      adminUrl: ''
    },
    false,
    registry
  )
}
