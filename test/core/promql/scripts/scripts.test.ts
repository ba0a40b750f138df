import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { LEFT_OUT } from './left-out.ts'
import { type Failure, runScript } from './run-script.ts'

const ROOT = path.join(import.meta.dirname, '../../../..')
const OWN = import.meta.dirname
/** Scripts of Prometheus itself: its folder promql/promqltest/testdata. They are read in place. */
const PROMETHEUS = path.resolve(ROOT, process.env.PROMQLTEST_FOLDER ?? '../shared/testdata/promqltest')

describe('our own scripts', () => {
  for (const name of scriptsOf(OWN))
    it(name, async t => {
      const failures = await failuresOf(path.join(OWN, name), t)
      assert.deepEqual(failures.map(show), [])
    })
})

const missing = existsSync(PROMETHEUS)
  ? false
  : 'set PROMQLTEST_FOLDER to promql/promqltest/testdata of Prometheus 3.14'
describe("Prometheus's scripts", { skip: missing }, () => {
  for (const name of scriptsOf(PROMETHEUS)) {
    const exceptions = LEFT_OUT.filter(({ file }) => file === name)
    const whole = exceptions.find(({ line }) => line === undefined)
    it(name, { skip: whole?.reason }, async t => {
      const failures = await failuresOf(path.join(PROMETHEUS, name), t)
      const lines = exceptions.map(({ line }) => line)
      assert.deepEqual(failures.filter(({ line }) => !lines.includes(line)).map(show), [])
      const passed = lines.filter(line => !failures.some(failure => failure.line === line))
      assert.deepEqual(passed, [], 'these pass: remove them from the table of those left out')
    })
  }
})

function scriptsOf(folder: string): string[] {
  return globSync('*.test', { cwd: folder }).sort()
}

async function failuresOf(file: string, t: TestContext): Promise<readonly Failure[]> {
  const { queries, failures } = await runScript(readFileSync(file, 'utf8'))
  assert.ok(queries > 0, 'a script without queries')
  t.diagnostic(`${queries - failures.length} of ${queries} queries as expected`)
  return failures
}

function show({ line, query, problem }: Failure): string {
  return `line ${line}: ${query}: ${problem}`
}
