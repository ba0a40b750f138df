import { parseSelector } from '../../core/promql/parser/parse.ts'
import type { GroupStatus, RuleStatus } from '../../sdk/plugin/index.ts'
import { bad, type Parameters } from './parameters.ts'

const TYPES: Readonly<Record<string, RuleStatus['type']>> = { alert: 'alerting', record: 'recording' }

/** `data` of `/api/v1/rules`, by its filters. Throws a `QueryError` over a parameter. */
export function rulesAnswer(groups: readonly GroupStatus[], parameters: Parameters): object {
  const isWanted = ruleFilter(parameters)
  const [names, files] = ['rule_group[]', 'file[]'].map(name => new Set(parameters.all(name)))
  const kept = groups
    .filter(({ name, file }) => (names.size === 0 || names.has(name)) && (files.size === 0 || files.has(file)))
    .map(group => ({ ...group, rules: group.rules.filter(isWanted).map(rule => shown(rule, parameters)) }))
    .filter(({ rules }) => rules.length > 0)
  return { groups: kept }
}

/** `data` of `/api/v1/alerts`: pending and firing ones. */
export function alertsAnswer(groups: readonly GroupStatus[]): object {
  return { alerts: groups.flatMap(({ rules }) => rules.flatMap(({ alerts = [] }) => alerts)) }
}

function ruleFilter(parameters: Parameters): (rule: RuleStatus) => boolean {
  const type = parameters.text('type') ?? ''
  if (type !== '' && !Object.hasOwn(TYPES, type)) throw bad('type', `"${type}" is neither alert nor record`)
  const names = new Set(parameters.all('rule_name[]'))
  const selectors = parameters.all('match[]').map(text => parseSelector(text))
  return rule =>
    (type === '' || rule.type === TYPES[type]) &&
    (names.size === 0 || names.has(rule.name)) &&
    (selectors.length === 0 ||
      selectors.some(matchers => matchers.every(matcher => matcher.matches(labelOf(rule, matcher.name)))))
}

function shown(rule: RuleStatus, parameters: Parameters): RuleStatus {
  if (rule.alerts === undefined || parameters.text('exclude_alerts') !== 'true') return rule
  return { ...rule, alerts: [] }
}

/** Labels may be named as something that all objects have. */
const labelOf = ({ labels }: RuleStatus, name: string) => (Object.hasOwn(labels, name) ? labels[name] : '')
