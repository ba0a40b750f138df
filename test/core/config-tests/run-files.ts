import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { runTests } from '../../../core/cli/test.ts'
import { MemoryTerminal } from '../cli/memory-terminal.ts'

/** Counts in windows of 10 s, kept through clean stops only. */
export const IN_MEMORY = `
receivers: { statsd:, http: }
processors: { windowed_counter: { windows: [10s], output: [delta] } }
exporters: { clickhouse: { embedded: ./data } }
service:
  state_dir: ./state
  pipelines: { counts: { receivers: [statsd, http], processors: [windowed_counter], exporters: [clickhouse] } }
`
export const JOURNALED = IN_MEMORY.replace('state_dir: ./state', 'journal: { folder: ./journal }')

/** Runs the tests in `tests.yaml`, with these files beside it. Names in the output are without their folder. */
export async function runFiles(t: TestContext, tests: string, files: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-config-tests-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries({ 'weir.yaml': IN_MEMORY, 'tests.yaml': tests, ...files }))
    writeFileSync(path.join(folder, name), text)
  const terminal = new MemoryTerminal()
  const code = await runTests(terminal, [path.join(folder, 'tests.yaml')])
  const shown = (text: string) => text.replaceAll(`${folder}/`, '').trimEnd()
  return { code, out: shown(terminal.stdout), err: shown(terminal.stderr) }
}

/** A file with one test of these steps. */
export const testOf = (steps: string, head = '') => `config: weir.yaml
${head}
tests:
  - name: signups
    steps:
${steps.replace(/^\n/, '').trimEnd()}
`
