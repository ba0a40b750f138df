import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseYaml, type YamlNode } from '../config/document.ts'
import { formatPosition, Problems } from '../config/problems.ts'
import { readConfigTests } from '../config-tests/read-tests.ts'
import { runConfigTest } from '../config-tests/run-test.ts'
import { describeError } from '../errors.ts'
import { count } from '../plural.ts'
import { readTests } from '../rules/testing/read-tests.ts'
import { runTest, type TestFailure } from '../rules/testing/run-test.ts'
import { testedGroups } from '../rules/testing/tested-groups.ts'
import { EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** The result of the tests of a file. */
interface Outcome {
  readonly failures: readonly TestFailure[]
  readonly expectations: number
  readonly tests: number
}

/** Runs tests of rules and of configurations, file after file, and prints what is not as expected. */
export async function runTests(terminal: Terminal, files: readonly string[]): Promise<number> {
  let allWell = true
  for (const file of files) if (!(await testFile(terminal, file))) allWell = false
  return allWell ? EXIT.ok : EXIT.invalid
}

async function testFile(terminal: Terminal, file: string): Promise<boolean> {
  const problems = new Problems()
  const content = contentOf(terminal, file)
  if (content === undefined) return false
  const root = parseYaml(file, content, undefined, problems)
  const outcome = root && (await outcomeOf(terminal, file, root, problems))
  if (problems.all.length > 0) terminal.error(problems.format())
  if (problems.hasErrors) {
    terminal.error(`${file}: FAILED: the files have errors`)
    return false
  }
  const { failures, expectations, tests } = outcome ?? { failures: [], expectations: 0, tests: 0 }
  if (failures.length === 0)
    terminal.out(`${file}: SUCCESS: ${count(expectations, 'expectation')} in ${count(tests, 'test')}`)
  else terminal.error([`${file}: FAILED`, ...failures.map(failureText)].join('\n'))
  return failures.length === 0
}

/** The kind of the tests shows by what they name. */
function outcomeOf(terminal: Terminal, file: string, root: YamlNode, problems: Problems): Promise<Outcome | undefined> {
  const isOfConfig = root.type === 'mapping' && root.entries.has('config')
  return isOfConfig ? ofConfig(terminal, file, root, problems) : ofRules(file, root, problems)
}

async function ofConfig(
  { registry }: Terminal,
  file: string,
  root: YamlNode,
  problems: Problems
): Promise<Outcome | undefined> {
  const read = await readConfigTests(file, root, registry, problems)
  if (read === undefined) return undefined
  const failures: TestFailure[] = []
  for (const test of read.tests) failures.push(...(await runConfigTest(test, read.config, registry)))
  const actions = read.tests.flatMap(({ steps }) => steps.map(({ action }) => action))
  const expectations = actions.reduce((sum, action) => sum + (action?.kind === 'expect' ? action.tables.length : 0), 0)
  return { failures, expectations, tests: read.tests.length }
}

async function ofRules(file: string, root: YamlNode, problems: Problems): Promise<Outcome | undefined> {
  const read = readTests(root, problems)
  const groups = read === undefined ? [] : testedGroups(read, path.dirname(file), problems)
  if (read === undefined || problems.hasErrors) return undefined
  const { tests, evaluationMs, isFuzzy } = read
  const failures: TestFailure[] = []
  for (const test of tests) failures.push(...(await runTest(test, { groups, evaluationMs, isFuzzy })))
  const expectations = tests.reduce((sum, { alerts, queries }) => sum + alerts.length + queries.length, 0)
  return { failures, expectations, tests: tests.length }
}

function contentOf(terminal: Terminal, file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    terminal.error(`${file}: FAILED: cannot read it: ${describeError(error)}`)
    return undefined
  }
}

function failureText({ position, message, differences }: TestFailure): string {
  return [`${formatPosition(position)}: ${message}`, ...differences.map(difference => `    ${difference}`)].join('\n')
}
