import { isDeepStrictEqual } from 'node:util'
import { checkMatch } from '../../core/model/matching/check.ts'
import type { Conditions } from '../../core/model/matching/config.ts'
import { overlap } from '../../core/model/matching/overlap.ts'
import { aggregationOf } from '../../core/windows/aggregations/index.ts'
import { planOf } from '../../core/windows/aggregations/plan.ts'
import { checkMaxStale } from '../../core/windows/expiry.ts'
import { GROUP_KINDS } from '../../core/windows/groups/group-kind.ts'
import { OutputNames } from '../../core/windows/output/output-names.ts'
import { windowText } from '../../core/windows/output/output-series.ts'
import { greatestCommonDivisor } from '../../core/windows/panes/windows.ts'
import type { RuleSettings } from '../../core/windows/settings.ts'
import type { ConfigProblem } from '../../sdk/plugin/index.ts'
import type { Config, RuleConfig } from './config.ts'
import { ruleSettings, rulesOf, windowsOf } from './rules.ts'

const SHORTEST_MS = 100
/** Panes that one window may be made of. */
const MOST_PANES = 10_000
const PLACEHOLDERS = ['name', 'aggregation', 'window']

type Path = readonly (string | number)[]

/** Contradictions, each with its remedy. */
export function check(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const rules = rulesOf(config)
  if (config.by !== undefined && config.without !== undefined) problems.push(excludesBy(['without']))
  for (const [i, rule] of rules.entries()) {
    const said = config.rules?.[i]
    // A problem of an option that a rule takes from above is reported at the option above.
    const at = (option: keyof RuleConfig): Path =>
      said === undefined || !(option in said) ? [option] : ['rules', i, option]
    if (said?.by !== undefined && said.without !== undefined) problems.push(excludesBy(['rules', i, 'without']))
    if (said?.amend_for !== undefined && rule.late !== 'amend')
      problems.push({ path: at('amend_for'), message: 'this does nothing unless `late` is amend' })
    for (const option of ['quantiles', 'relative_error'] as const)
      if (said?.[option] !== undefined && !rule.aggregations?.includes('quantiles'))
        problems.push({ path: at(option), message: 'this does nothing unless `aggregations` has quantiles' })
    problems.push(...checkWindows(rule, at('windows')), ...checkRule(rule, at))
  }
  problems.push(
    ...checkMaxStale(
      config.max_stale,
      rules.flatMap(({ windows }) => windowsOf(windows))
    )
  )
  return withoutRepetitions([...problems, ...checkTogether(rules.map(ruleSettings))])
}

function excludesBy(path: Path): ConfigProblem {
  return { path, message: '`by` lists attributes to keep and `without` attributes to sum over; leave one of them out' }
}

function checkWindows({ windows }: RuleConfig, path: Path): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const sizes = windowsOf(windows)
  const texts = sizes.map(windowText)
  for (const [i, { sizeMs, everyMs }] of sizes.entries()) {
    const window = windows[i]
    const problem = (message: string) => problems.push({ path: [...path, i], message })
    if (sizeMs < SHORTEST_MS || everyMs < SHORTEST_MS) problem('a window must be at least 100ms long')
    else if (everyMs > sizeMs) problem('`every` is longer than `size`, so points between two windows would not count')
    else if (sizeMs / greatestCommonDivisor(sizeMs, everyMs) > MOST_PANES)
      problem(`one window would be made of more than ${MOST_PANES} parts; choose a longer \`every\``)
    else if (typeof window === 'object' && window.every === undefined && everyMs === sizeMs)
      problem('there is no smaller window to slide by; say how often it is made with `every`')
    if (texts.indexOf(texts[i]) < i) problem('this size stands here twice')
  }
  return problems
}

function checkRule(rule: RuleConfig, at: (option: keyof RuleConfig) => Path): ConfigProblem[] {
  const { match, by, aggregations, attribute, output, late } = rule
  const problems = match === undefined ? [] : checkMatch(match, at('match'))
  const problem = (option: keyof RuleConfig, message: string) => problems.push({ path: at(option), message })
  if (attribute !== undefined && aggregations === undefined)
    problem('attribute', 'name the aggregations of this attribute in `aggregations`, such as [unique]')
  if (attribute !== undefined && by?.includes(attribute))
    problem('by', `\`${attribute}\` is aggregated, and no label; take it out of \`by\``)
  if (attribute === undefined) checkGauges(rule, problem)
  if (!output.includes('delta') && aggregations?.every(one => aggregationOf(one).emitTotal === undefined))
    problem('output', `of ${aggregations.join(', ')} there is no total that only grows; add delta`)
  if (!output.includes('delta') && late === 'amend')
    problem('late', 'only windows are amended, and `output` has none; add delta to it')
  checkName(rule, problem)
  return problems
}

function checkGauges(
  { match, aggregations }: RuleConfig,
  problem: (option: keyof RuleConfig, message: string) => void
): void {
  const kinds = [match ?? []].flat().flatMap(({ kind = [] }: Conditions) => kind)
  if (!kinds.includes('gauge')) return
  if (aggregations?.includes('sum'))
    problem(
      'aggregations',
      'gauges are not summed: a value now and a value a moment ago do not add up; take avg, min, max or last, or gauges out of `match`'
    )
  if (aggregations === undefined && kinds.every(kind => kind === 'gauge'))
    problem('match', 'gauges pass through unless `aggregations` names some for them, such as [last]')
}

function checkName(
  { name, match, aggregations, output }: RuleConfig,
  problem: (option: keyof RuleConfig, message: string) => void
): void {
  if (name === undefined) return
  for (const [, placeholder] of name.matchAll(/\{([^}]*)\}/g))
    if (!PLACEHOLDERS.includes(placeholder))
      problem('name', `there is no {${placeholder}}; there are ${PLACEHOLDERS.map(one => `{${one}}`).join(', ')}`)
  if (!name.includes('{name}') && !isOfOneName(match))
    problem('name', 'all metrics would have one name; put {name} into it, or match a single name')
  if ((aggregations?.length ?? 0) > 1 && !name.includes('{aggregation}'))
    problem('name', `${aggregations!.join(' and ')} would have one name; put {aggregation} into it`)
  if (name.includes('{window}') && output.includes('cumulative'))
    problem('name', 'totals have no {window}; take it out, or set output: [delta]')
}

function isOfOneName(match: RuleConfig['match']): boolean {
  const conditions = [match ?? []].flat() as readonly Conditions[]
  const names = new Set(conditions.map(({ name }) => name))
  const [only] = names
  return names.size === 1 && typeof only === 'string' && !only.includes('*')
}

/** Two rules about the same must not make series of the same names. */
function checkTogether(rules: readonly RuleSettings[]): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const outputs = rules.map(outputsOf)
  for (let later = 1; later < rules.length; later++) {
    const earlier = rules.findIndex(
      (rule, i) => i < later && meet(rule, rules[later]) && haveInCommon(outputs[i], outputs[later])
    )
    if (earlier >= 0)
      problems.push({
        path: ['rules', later],
        message: `this makes series of the same names as rule ${earlier + 1}; give one of them another \`name\`, or let their \`match\` have nothing in common`
      })
  }
  return problems
}

/** Names of all it may make of a metric `x`, with the window. */
function outputsOf(rule: RuleSettings): Set<string> {
  const names = new OutputNames(rule.name, rule.aggregations === undefined)
  const outputs = new Set<string>()
  for (const [i, plan] of planOf(rule).kinds.entries()) {
    if (plan === undefined) continue
    const kind = GROUP_KINDS[i]
    for (const window of rule.windows.map(windowText))
      for (const { aggregation } of plan.perWindow)
        outputs.add(`${names.of('x', kind, aggregation.name, window)} ${window}`)
    for (const { aggregation } of plan.totals) outputs.add(names.of('x', kind, aggregation.name, ''))
  }
  return outputs
}

/** True if both rules may match an item, or each makes one metric of all its items. */
const meet = (a: RuleSettings, b: RuleSettings) =>
  a.match === undefined || b.match === undefined || overlap(a.match, b.match) || (isOneMetric(a) && isOneMetric(b))
const isOneMetric = ({ name = '{name}' }: RuleSettings) => !name.includes('{name}')
const haveInCommon = (a: ReadonlySet<string>, b: ReadonlySet<string>) => [...a].some(name => b.has(name))

/** Problems, each once: a problem above is found in every rule that takes the option from there. */
function withoutRepetitions(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const isSame = (a: ConfigProblem, b: ConfigProblem) => a.message === b.message && isDeepStrictEqual(a.path, b.path)
  return problems.filter((problem, i) => problems.findIndex(other => isSame(problem, other)) === i)
}
