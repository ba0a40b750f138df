import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Problems } from '../../config/problems.ts'
import { describeError } from '../../errors.ts'
import { filesOfPattern } from '../file-patterns.ts'
import { readRuleFile } from '../rule-file.ts'
import type { RuleGroup } from '../rule-group.ts'
import type { RuleTestFile } from './rule-test.ts'

/**
 * The groups of the rule files of tests, in the order of their evaluation: those that `group_eval_order` does not name
 * come with its first. Faults go to `problems`.
 * @param folder of the tests
 */
export function testedGroups(tests: RuleTestFile, folder: string, problems: Problems): RuleGroup[] {
  const groups = filesOf(tests, folder, problems).flatMap(file => groupsOf(file, problems))
  const places = new Map(tests.order.map(({ group }, i) => [group, i]))
  for (const { group, position } of tests.order)
    if (!groups.some(({ name }) => name === group)) problems.warn(position, `no rule file has a group "${group}"`)
  warnOfUnknownAlerts(tests, groups, problems)
  return groups.toSorted((a, b) => (places.get(a.name) ?? 0) - (places.get(b.name) ?? 0))
}

interface RuleFile {
  readonly file: string
  readonly position: RuleTestFile['ruleFiles'][number]['position']
}

/** Each once. */
function filesOf({ ruleFiles }: RuleTestFile, folder: string, problems: Problems): RuleFile[] {
  const found = new Map<string, RuleFile>()
  for (const { pattern, position } of ruleFiles) {
    const files = filesOfPattern(path.isAbsolute(pattern) ? pattern : path.join(folder, pattern))
    if (files.length === 0) problems.warn(position, `no file fits the pattern ${pattern}`)
    for (const file of files) found.set(file, { file, position })
  }
  return [...found.values()]
}

function groupsOf({ file, position }: RuleFile, problems: Problems): RuleGroup[] {
  try {
    return readRuleFile(file, readFileSync(file, 'utf8'), problems)
  } catch (error) {
    problems.error(position, `cannot read the rule file ${file}: ${describeError(error)}`)
    return []
  }
}

/** An alert whose name is mistyped never fires, as a test may expect. */
function warnOfUnknownAlerts({ tests }: RuleTestFile, groups: readonly RuleGroup[], problems: Problems): void {
  const known = new Set(groups.flatMap(({ rules }) => rules.map(({ name }) => name)))
  for (const { position, alertname } of tests.flatMap(({ alerts }) => alerts))
    if (!known.has(alertname)) problems.warn(position, `no rule makes the alert "${alertname}"`)
}
