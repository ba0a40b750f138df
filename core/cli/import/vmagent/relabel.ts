import type { Options } from '../options.ts'
import type { Yaml } from '../yaml.ts'
import { attributeOf } from './selector.ts'

const ACTIONS = new Set(
  'replace keep drop keepequal dropequal hashmod labelmap labeldrop labelkeep lowercase uppercase'.split(' ')
)
/** Other spellings of VictoriaMetrics, and what they are in Prometheus. */
const SPELLINGS: Readonly<Record<string, string>> = { keep_if_equal: 'keepequal', drop_if_equal: 'dropequal' }
const KEYS = ['source_labels', 'separator', 'target_label', 'regex', 'modulus', 'replacement', 'action']

/**
 * Rules of relabelling for the statement `relabel`.
 * @param notes gets a sentence for each rule that has no twin
 */
export function relabelRules(rules: readonly Options[], notes: string[]): Yaml[] {
  return rules.flatMap((rule, i) => {
    const written = rule.text('action') ?? 'replace'
    const action = SPELLINGS[written] ?? written
    if (!ACTIONS.has(action)) {
      for (const key of rule.keys) rule.value(key)
      notes.push(`Relabelling rule ${i + 1} has no twin: its action is ${written}.`)
      return []
    }
    const values: Record<string, Yaml> = {}
    for (const key of KEYS) if (rule.has(key) && key !== 'action') values[key] = optionOf(key, rule)
    if (action !== 'replace') values.action = action
    const unread = rule.unread()
    for (const key of rule.keys) rule.value(key)
    if (unread.length === 0) return [values]
    notes.push(`Relabelling rule ${i + 1} has no twin: it has ${unread.join(', ')}.`)
    return []
  })
}

function optionOf(key: string, rule: Options): Yaml {
  if (key === 'source_labels') return rule.texts(key).map(attributeOf)
  if (key === 'target_label') return attributeOf(rule.text(key) ?? '')
  if (key === 'regex') return rule.texts(key).length > 1 ? rule.texts(key).join('|') : (rule.text(key) ?? '')
  return rule.value(key) as Yaml
}
