import type { NamedSeries } from '../model/named-series.ts'
import type { Explanation } from '../plugin/inspection.ts'
import { count } from '../plural.ts'
import type { WindowRule } from './window-rule.ts'

/** The fate of a series in an engine: each rule may count it, and it passes if none does. */
export function explainSeries(series: NamedSeries, rules: readonly WindowRule[]): Explanation {
  const found = rules.map((rule, i) => ({ ...rule.explain(series), number: i + 1 }))
  const refused = found.find(({ refusal }) => refusal !== undefined)
  if (refused !== undefined) return { fate: 'dropped', why: `${refused.refusal}: it cannot be added up` }
  const counting = found.filter(({ outputs }) => outputs.length > 0)
  if (counting.length === 0)
    return { fate: 'passes', why: `none of ${count(rules.length, 'rule')} counts it: ${found[0].why}` }
  const by = rules.length === 1 ? '' : `by rule ${counting.map(({ number }) => number).join(' and ')} `
  return {
    fate: 'counted',
    why: by + counting.map(({ why }) => why).join('; '),
    outputs: counting.flatMap(({ outputs }) => outputs)
  }
}
