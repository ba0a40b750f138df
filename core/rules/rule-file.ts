import { applyAsGo } from '../config/apply-as-go.ts'
import { type MappingNode, nodeAt, parseYaml, type YamlNode } from '../config/document.ts'
import { type Position, Problems } from '../config/problems.ts'
import { reportSchemaErrors } from '../config/schema-errors.ts'
import type { ConfigSchema } from '../plugin/contract.ts'
import { METRIC_NAME } from '../promql/labels.ts'
import { durationMs } from '../promql/parser/numbers.ts'
import { parse } from '../promql/parser/parse.ts'
import { formatQuery } from '../promql/printer/format-query.ts'
import { QueryError } from '../promql/query-error.ts'
import type { Rule, RuleGroup } from './rule-group.ts'
import { templateProblem } from './template/template.ts'

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
/** Anything in UTF-8 but no braces: these would be a template, which names cannot be. */
const METRIC = /^[^{}]+$/
/** Prometheus's own label of alerts. */
const RESERVED = new Set([METRIC_NAME, 'alertname'])

const texts = (description: string) => ({ type: 'object', additionalProperties: { type: 'string' }, description })
const text = (description: string) => ({ type: 'string', description })
const time = (description: string) => ({ type: 'string', description, 'x-expected': 'a duration such as 5m' })

const RULE: ConfigSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['expr'],
  properties: {
    record: text('Name of the metric to record.'),
    alert: text('Name of the alert.'),
    expr: text('The PromQL expression.'),
    for: time('How long the expression must have results until the alert fires.'),
    keep_firing_for: time('How long the alert goes on to fire without results.'),
    labels: texts('Labels to add or replace.'),
    annotations: texts('Texts of the alert.')
  }
}

const GROUPS: ConfigSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    groups: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name'],
        properties: {
          name: { type: 'string', minLength: 1, description: 'Unique in the file.' },
          interval: time('Time between evaluations.'),
          query_offset: time('How long before their evaluation rules look.'),
          limit: { type: 'integer', minimum: 0, description: 'Most series or alerts that a rule may make.' },
          labels: texts('Labels to add to all rules.'),
          rules: { type: 'array', items: RULE }
        }
      }
    }
  }
}

interface RuleValue {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly for?: string
  readonly keep_firing_for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

interface GroupValue {
  readonly name: string
  readonly interval?: string
  readonly query_offset?: string
  readonly limit?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly rules?: readonly RuleValue[]
}

/** The groups of rule files by their texts. Throws `CONFIG_INVALID` with all of their faults. */
export function readRuleFiles(texts: readonly (readonly [file: string, text: string])[]): RuleGroup[] {
  const problems = new Problems()
  const groups = texts.flatMap(([file, text]) => readRuleFile(file, text, problems))
  problems.throwIfErrors()
  return groups
}

/** The groups of a rule file. All of its faults go to `problems`, each with its place; what has some is left out. */
export function readRuleFile(file: string, content: string, problems: Problems): RuleGroup[] {
  const root = content.trim() === '' ? undefined : parseYaml(file, content, undefined, problems)
  if (root === undefined) return []
  const { value, errors } = applyAsGo(GROUPS, root)
  reportSchemaErrors(errors, root, problems)
  if (errors.length > 0 || root.type !== 'mapping') return []
  return new FileReader(file, root, problems).read((value as { groups?: readonly GroupValue[] }).groups ?? [])
}

class FileReader {
  readonly #file: string
  readonly #root: MappingNode
  readonly #problems: Problems

  constructor(file: string, root: MappingNode, problems: Problems) {
    this.#file = file
    this.#root = root
    this.#problems = problems
  }

  read(values: readonly GroupValue[]): RuleGroup[] {
    const names = new Set<string>()
    return values.map((value, i) => {
      const { name, limit = 0, labels = {}, rules = [] } = value
      const node = nodeAt(this.#root, ['groups', i])
      if (names.has(name)) this.#error(node, ['name'], `there are two groups "${name}" in this file: rename one`)
      names.add(name)
      this.#checkLabels(node, 'labels', labels, false)
      return {
        file: this.#file,
        name,
        limit,
        intervalMs: this.#duration(node, 'interval', value.interval),
        queryOffsetMs: this.#duration(node, 'query_offset', value.query_offset),
        rules: rules.flatMap((rule, j) => this.#rule(nodeAt(node, ['rules', j]), rule, labels) ?? [])
      }
    })
  }

  #rule(node: YamlNode, value: RuleValue, ofGroup: Readonly<Record<string, string>>): Rule | undefined {
    const { record, alert } = value
    if ((record === undefined) === (alert === undefined)) {
      this.#error(node, [], 'give a rule either `record`, the name of a metric, or `alert`, the name of an alert')
      return undefined
    }
    const expr = this.#expression(node, value.expr)
    this.#checkLabels(node, 'labels', value.labels ?? {}, alert !== undefined)
    const labels = { ...ofGroup, ...value.labels }
    const forMs = this.#duration(node, 'for', value.for) ?? 0
    const keepFiringForMs = this.#duration(node, 'keep_firing_for', value.keep_firing_for) ?? 0
    if (record !== undefined) this.#checkRecord(node, record, value)
    else this.#checkLabels(node, 'annotations', value.annotations ?? {}, true)
    if (expr === undefined) return undefined
    const parts = { expr, query: formatQuery(expr), labels }
    if (record !== undefined) return { kind: 'recording', name: record, ...parts }
    return { kind: 'alerting', name: alert!, forMs, keepFiringForMs, annotations: value.annotations ?? {}, ...parts }
  }

  #checkRecord(node: YamlNode, record: string, value: RuleValue): void {
    if (!METRIC.test(record)) this.#error(node, ['record'], `"${record}" cannot be the name of a metric`)
    for (const key of ['for', 'keep_firing_for', 'annotations'] as const)
      if (value[key] !== undefined) this.#error(node, [key], `${key} is for alerts: a recorded metric has none`)
  }

  #expression(node: YamlNode, text: string) {
    try {
      return parse(text)
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      this.#error(node, ['expr'], `expr: ${error.message}`)
      return undefined
    }
  }

  #checkLabels(node: YamlNode, key: string, labels: Readonly<Record<string, string>>, areTemplates: boolean): void {
    for (const [name, value] of Object.entries(labels)) {
      const isBad = !LABEL_NAME.test(name) || (key === 'labels' && RESERVED.has(name))
      if (isBad) this.#error(node, [key, name], `${key}: "${name}" cannot be the name of one`)
      const problem = areTemplates ? templateProblem(value) : undefined
      if (problem !== undefined) this.#error(node, [key, name], `${key}.${name}: ${problem}`)
    }
  }

  #duration(node: YamlNode, key: string, value: string | undefined): number | undefined {
    if (value === undefined) return undefined
    const ms = value === '0' ? 0 : durationMs(value)
    if (ms === undefined || value === '')
      this.#error(node, [key], `${key}: "${value}" is no duration: write 5m or 1h30m`)
    return ms
  }

  #error(node: YamlNode, path: readonly (string | number)[], message: string): void {
    this.#problems.error(positionAt(node, path), message)
  }
}

function positionAt(node: YamlNode, path: readonly (string | number)[]): Position {
  return nodeAt(node, path).position
}
