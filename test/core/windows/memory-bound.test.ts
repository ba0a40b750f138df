import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Attribute } from '../../../core/model/attributes.ts'
import { type PointBlock, PointBlockBuilder } from '../../../core/model/points.ts'
import { NO_RESOURCE, NO_SCOPE } from '../../../core/model/series.ts'
import { WindowEngine } from '../../../core/windows/engine.ts'
import { MAX_OVERFLOW_GROUPS } from '../../../core/windows/groups/groups.ts'
import { memoryBoundOf } from '../../../core/windows/memory-bound.ts'
import type { RuleSettings } from '../../../core/windows/settings.ts'
import { Translator } from '../../../core/wire/prometheus/translator.ts'
import { LabelSets } from '../../../core/wire/remote-write/label-sets.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { EPOCH, ruleOf, settingsOf, WindowHarness } from './harness.ts'

const METRIC = { name: 'requests', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const STRATEGY = 'UnderscoreEscapingWithSuffixes'
const GROUPS = 8192
/** As many attributes as an identity of usual size has at most. */
const SHORT = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop'].map((name): Attribute => [name, 'x'])
/** Series with such a name are not linked to others, and the labels of such a value are not composed. */
const DEAR: readonly Attribute[] = [
  ['z', 0.5],
  ['ä', 'x']
]

/** Bytes of series that windows make of groups, and of their labels, for each group. */
async function bytesWith(rule: Partial<RuleSettings>): Promise<number> {
  const context = testContext('windows')
  const { series } = context
  const engine = await new WindowHarness(() => new WindowEngine(settingsOf(ruleOf(rule)), context), context).start()
  const sets = new LabelSets(series, STRATEGY, () => {})
  const translator = new Translator(
    series,
    {
      strategy: STRATEGY,
      externalLabels: {},
      promoteResourceAttributes: [],
      targetInfo: false,
      exponentialHistograms: 'vmrange'
    },
    sets
  )
  engine.onBatch = batch => {
    translator.translate(batch.block as PointBlock, EPOCH)
    batch.ack()
  }
  const points = new PointBlockBuilder(GROUPS)
  const received = series.contextOf(METRIC, NO_RESOURCE, NO_SCOPE)
  for (let i = 0; i < GROUPS; i++) {
    const attributes: Attribute[] = [['A', i.toString(36)], ...SHORT.slice(1), ...DEAR]
    points.addId(series, series.receive(received, attributes), EPOCH, 1)
  }
  engine.advanceTo(0.5)
  await engine.sendBlock(points.build())
  engine.advanceTo(10)
  return (series.bytes + sets.bytes) / GROUPS
}

it('output series take no more than their part of the bound, however they are kept', async () => {
  const boundOf = (rule: Partial<RuleSettings>) => memoryBoundOf(settingsOf(ruleOf({ maxGroups: GROUPS, ...rule })))
  const [both, one]: Partial<RuleSettings>[] = [{ output: ['delta', 'cumulative'] }, { output: ['delta'] }]
  const bytes = (await bytesWith(both)) - (await bytesWith(one))
  const bound = (boundOf(both) - boundOf(one)) / (GROUPS + MAX_OVERFLOW_GROUPS)
  assert.ok(bytes > bound / 2 && bytes < bound, `${bytes} bytes, bound ${bound}`)
})
