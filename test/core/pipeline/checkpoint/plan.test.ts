import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ResolvedConfig } from '../../../../core/config/resolved.ts'
import { asInLastRun, type SavedPlan } from '../../../../core/pipeline/checkpoint/plan.ts'

const PLUGIN = { kind: 'processor', type: 'dedup' }

function configOf(receivers: string[], processors: string[], exporters: string[], window = '1m'): ResolvedConfig {
  const of = (ids: string[], config = {}) => new Map(ids.map(id => [id, { id, plugin: PLUGIN, config }]))
  return {
    components: { receiver: of(receivers), processor: of(processors, { window }), exporter: of(exporters) },
    service: { pipelines: { main: { receivers, processors, exporters } } }
  } as never
}

const plan: SavedPlan = {
  pipelines: { main: { receivers: ['otlp'], processors: ['dedup'], exporters: ['a', 'b'] } },
  processors: { dedup: { type: 'dedup', config: { window: '1m' } } }
}
const find = async () => PLUGIN as never

const cases: [string, ResolvedConfig, { receivers: string[]; exporters: string[] } | undefined][] = [
  ['nothing has changed', configOf(['otlp'], ['dedup'], ['a', 'b']), undefined],
  [
    'a processor has changed',
    configOf(['otlp'], ['dedup'], ['a', 'b'], '2m'),
    { receivers: ['otlp'], exporters: ['a', 'b'] }
  ],
  ['one exporter is gone', configOf(['otlp'], ['dedup'], ['b']), { receivers: ['otlp'], exporters: ['b'] }],
  [
    'regression: its exporters have other names: output emitted meanwhile went nowhere',
    configOf(['otlp'], ['dedup'], ['c']),
    { receivers: ['otlp'], exporters: ['c'] }
  ],
  [
    'regression: its receiver is gone: its entries in the journal were dropped',
    configOf(['statsd'], ['dedup'], ['a', 'b']),
    { receivers: ['otlp'], exporters: ['a', 'b'] }
  ]
]
for (const [what, config, want] of cases)
  test(what, async () => {
    const built = await asInLastRun(plan, config, find)
    if (want === undefined) assert.equal(built, config)
    else {
      assert.deepEqual(built.service.pipelines, { main: { ...want, processors: ['dedup'] } })
      assert.deepEqual(built.components.processor.get('dedup')!.config, { window: '1m' })
    }
  })

test('a processor of which there is no plugin any more is missed', async () => {
  const gone = asInLastRun(plan, configOf(['otlp'], [], ['a', 'b']), async () => undefined)
  await assert.rejects(gone, /the last run had the processor dedup, and there is no plugin for it any more/)
})
