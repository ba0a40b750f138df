import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Problems } from '../config/problems.ts'
import { describeError } from '../errors.ts'
import { count } from '../plural.ts'
import { readTests } from '../rules/testing/read-tests.ts'
import { runTest, type TestFailure } from '../rules/testing/run-test.ts'
import { testedGroups } from '../rules/testing/tested-groups.ts'
import { EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** Runs tests of rules, file after file, and prints what is not as expected. */
export async function testRules(terminal: Terminal, files: readonly string[]): Promise<number> {
  let allWell = true
  for (const file of files) if (!(await testFile(terminal, file))) allWell = false
  return allWell ? EXIT.ok : EXIT.invalid
}

async function testFile(terminal: Terminal, file: string): Promise<boolean> {
  const problems = new Problems()
  const content = contentOf(terminal, file)
  if (content === undefined) return false
  const tests = readTests(file, content, problems)
  const groups = tests === undefined ? [] : testedGroups(tests, path.dirname(file), problems)
  if (problems.all.length > 0) terminal.error(problems.format())
  if (problems.hasErrors) {
    terminal.error(`${file}: FAILED: the files have errors`)
    return false
  }
  const { tests: all = [], evaluationMs = 0, isFuzzy = false } = tests ?? {}
  const failures: TestFailure[] = []
  for (const test of all) failures.push(...(await runTest(test, { groups, evaluationMs, isFuzzy })))
  const expected = all.reduce((sum, { alerts, queries }) => sum + alerts.length + queries.length, 0)
  if (failures.length === 0)
    terminal.out(`${file}: SUCCESS: ${count(expected, 'expectation')} in ${count(all.length, 'test')}`)
  else terminal.error([`${file}: FAILED`, ...failures.map(failureText)].join('\n'))
  return failures.length === 0
}

function contentOf(terminal: Terminal, file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    terminal.error(`${file}: FAILED: cannot read it: ${describeError(error)}`)
    return undefined
  }
}

function failureText({ position: { file, line, column }, message, differences }: TestFailure): string {
  return [`${file}:${line}:${column}: ${message}`, ...differences.map(difference => `    ${difference}`)].join('\n')
}
