import assert from 'node:assert/strict'
import { ITEM_KINDS } from '../../core/model/matching/config.ts'
import type { NamedSeries } from '../../core/model/named-series.ts'
import { NO_SCOPE } from '../../core/model/series.ts'
import type { Subjects } from './contract-subject.ts'

const FATES = ['passes', 'changes', 'counted', 'dropped', 'stored']

/** Figures are numbers, explanations are whole, and neither changes anything. */
export function isInspected({ instance, context }: Subjects): void {
  const before = [context.account.figures, context.series.size]
  const figures = instance.figures?.()
  for (const value of [...Object.values(figures?.entries ?? {}), figures?.bytes ?? 0])
    assert.ok(value >= 0, `figures have ${value}, which is no number of entries or bytes`)
  for (const kind of ITEM_KINDS) {
    const explanation = instance.explain?.(seriesOf(kind))
    if (explanation === undefined) continue
    const { fate, why, outputs } = explanation
    assert.ok(FATES.includes(fate), `fate of a ${kind}: ${fate}`)
    assert.ok(why.length > 0, `a ${kind} ${fate} without a reason`)
    const goesOn = fate === 'changes' || fate === 'counted'
    assert.equal((outputs?.length ?? 0) > 0, goesOn, `outputs go with changes and counted, not with ${fate}`)
  }
  assert.deepEqual([context.account.figures, context.series.size], before, 'figures and explain change nothing')
}

function seriesOf(kind: NamedSeries['kind']): NamedSeries {
  const temporality = kind === 'gauge' || kind === 'event' ? 'unspecified' : 'delta'
  return { name: 'm', kind, temporality, unit: '', attributes: [['a', '1']], resource: [], scope: NO_SCOPE }
}
