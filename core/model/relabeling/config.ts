import type { ConfigProblem, JsonSchema } from '../../schema/json-schema.ts'
import { regexProblem } from '../matching/linear-regex.ts'

/** As in Prometheus: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config */
export interface RelabelRule {
  readonly source_labels: readonly string[]
  readonly separator: string
  readonly target_label?: string
  readonly regex: string
  readonly modulus?: number
  readonly replacement: string
  readonly action: (typeof ACTIONS)[number]
}

const ACTIONS = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase'
] as const
const WITH_TARGET = ['replace', 'hashmod', 'keepequal', 'dropequal', 'lowercase', 'uppercase']

export const RELABEL_SCHEMA: JsonSchema = {
  type: 'array',
  minItems: 1,
  items: {
    type: 'object',
    additionalProperties: false,
    properties: {
      source_labels: { type: 'array', items: { type: 'string', minLength: 1 }, default: [] },
      separator: { type: 'string', default: ';' },
      target_label: { type: 'string', minLength: 1 },
      regex: { type: 'string', default: '(.*)' },
      modulus: { type: 'integer', minimum: 1 },
      replacement: { type: 'string', default: '$1' },
      action: { type: 'string', enum: ACTIONS, default: 'replace' }
    }
  }
}

export function checkRelabel(rule: RelabelRule, path: readonly (string | number)[]): ConfigProblem[] {
  const { action, regex, target_label, modulus } = rule
  const problems: ConfigProblem[] = []
  const broken = regexProblem(regex)
  if (broken !== undefined) problems.push({ path: [...path, 'regex'], message: broken })
  if (WITH_TARGET.includes(action) && target_label === undefined)
    problems.push({ path, message: `${action} needs a target_label: the attribute it writes or compares` })
  if (action === 'hashmod' && modulus === undefined)
    problems.push({ path, message: 'hashmod needs a modulus: the number of parts' })
  return problems
}
