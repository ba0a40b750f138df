import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { ROOT, Sandbox } from '../e2e/weir-process.ts'
import { requirePython } from '../servers/python.ts'
import { WEIR } from './client-config.ts'

const TESTS = path.join(ROOT, 'test/sdk/python')
const PACKAGE = path.join(ROOT, 'sdk/python')
const python = await requirePython(...readFileSync(path.join(TESTS, 'requirements.txt'), 'utf8').trim().split('\n'))

test('the Python client passes its tests against a running Weir', { skip: python.skip }, async t => {
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(WEIR)
  const env = {
    PYTHONPATH: path.join(PACKAGE, 'src'),
    WEIR_ENDPOINT: new URL(weir.otlp).origin,
    WEIR_COUNTS: weir.prometheus
  }
  await runPython(t, sandbox, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', TESTS], TESTS, env)
})

test('the Python client is typed', { skip: python.skip }, async t => {
  const sandbox = await Sandbox.open(t)
  await runPython(t, sandbox, ['-m', 'mypy', '--cache-dir', sandbox.path('mypy')], PACKAGE, {})
})

async function runPython(
  t: TestContext,
  sandbox: Sandbox,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>
): Promise<void> {
  const set = Object.entries({ ...env, PYTHONDONTWRITEBYTECODE: '1' }).map(([key, value]) => `${key}=${value}`)
  const { code, stdout, stderr } = await sandbox.run('env', [...set, python.path, ...args], cwd)
  t.diagnostic(stdout.trimEnd().split('\n').at(-1)!)
  assert.equal(code, 0, `${stdout}\n${stderr}`)
}
