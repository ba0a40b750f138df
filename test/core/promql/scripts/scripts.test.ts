import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { FUNCTIONS, UNIQUE } from '../../../../core/promql/functions.ts'
import { parse } from '../../../../core/promql/parser/parse.ts'
import { toJson } from '../../../../core/promql/printer/json.ts'
import { LEFT_OUT } from './left-out.ts'
import { type Failure, runScript } from './run-script.ts'
import { parseScript } from './script.ts'

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

it('our own scripts have every function, aggregation and operator', () => {
  const seen = new Set<string>()
  for (const name of scriptsOf(OWN))
    for (const command of parseScript(readFileSync(path.join(OWN, name), 'utf8')))
      if (command.type === 'eval' && command.fail.length === 0)
        collect(toJson(parse(command.query, { experimental: true })), seen)
  const aggregations = 'sum avg count min max group stddev stdvar topk bottomk quantile count_values limitk limit_ratio'
  const operators = '+ - * / % ^ atan2 == != > < >= <= </ >/ and or unless'
  // Sets are of stores only: see the tests of the exporter clickhouse.
  seen.add(UNIQUE)
  const all = [...FUNCTIONS.keys(), ...`${aggregations} ${operators}`.split(' ')]
  assert.deepEqual(
    all.filter(name => !seen.has(name)),
    []
  )
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

/** Names of functions and operators in a syntax tree. */
function collect(json: unknown, seen: Set<string>): void {
  if (typeof json !== 'object' || json === null) return
  const { op, func } = json as { op?: string; func?: { name: string } }
  if (op !== undefined) seen.add(op)
  if (func !== undefined) seen.add(func.name)
  for (const part of Object.values(json)) collect(part, seen)
}

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
