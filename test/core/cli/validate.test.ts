import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { validate } from '../../../core/cli/validate.ts'
import { MemoryTerminal } from './memory-terminal.ts'

const BROKEN = path.relative('.', path.join(import.meta.dirname, '../../cases/config/broken'))
const ROOT = path.join(import.meta.dirname, '../../..')

// Golden files: the problems as printed. `UPDATE_GOLDEN=1 npm test` writes them anew; read the difference.
describe('weir validate on broken configurations', () => {
  const files = globSync(`${BROKEN}/*.yaml`).sort()
  it('there are at least 25', () => assert.ok(files.length >= 25))
  for (const file of files) {
    it(path.basename(file, '.yaml'), async () => {
      const terminal = new MemoryTerminal()
      assert.equal(await validate(terminal, [file], false), EXIT.invalid)
      assert.equal(terminal.stdout, '', 'nothing of a broken configuration is shown as if it were one')
      const seen = terminal.stderr.replaceAll(`${BROKEN}/`, '')
      for (const line of seen.trimEnd().split('\n')) assert.match(line, /^[\w-]+\.yaml:\d+:\d+: (error|warning): /)
      const golden = file.replace(/yaml$/, 'expected')
      if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden, seen)
      assert.ok(existsSync(golden), `write it with UPDATE_GOLDEN=1:\n${seen}`)
      assert.equal(seen, readFileSync(golden, 'utf8'))
    })
  }
})

// What is promised of a pipeline, where it depends on its processors. Golden files as above.
describe('weir validate says what can be relied on', () => {
  const files = globSync(path.join(import.meta.dirname, '../../cases/config/described/*.yaml'))
  assert.ok(files.length > 0)
  for (const file of files) {
    it(path.basename(file, '.yaml'), async () => {
      const terminal = new MemoryTerminal()
      assert.equal(await validate(terminal, [file], false), EXIT.ok, terminal.stderr)
      const golden = file.replace(/yaml$/, 'expected')
      if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden, terminal.stdout)
      assert.equal(terminal.stdout, readFileSync(golden, 'utf8'))
    })
  }
})

// Golden files of the warnings.
describe('weir validate warns', () => {
  const warned = path.relative('.', path.join(import.meta.dirname, '../../cases/config/warned'))
  const files = globSync(`${warned}/*.yaml`)
  assert.ok(files.length > 0)
  for (const file of files) {
    it(path.basename(file, '.yaml'), async () => {
      const terminal = new MemoryTerminal()
      assert.equal(await validate(terminal, [file], false), EXIT.ok, terminal.stderr)
      const seen = terminal.stderr.replaceAll(`${warned}/`, '')
      const golden = file.replace(/yaml$/, 'expected')
      if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden, seen)
      assert.equal(seen, readFileSync(golden, 'utf8'))
    })
  }
})

describe('weir validate on the configurations that come with Weir', () => {
  for (const file of globSync('configs/*.yaml', { cwd: ROOT })) {
    it(file, async () => {
      const terminal = new MemoryTerminal()
      assert.equal(await validate(terminal, [path.join(ROOT, file)], false), EXIT.ok, terminal.stderr)
      assert.equal(terminal.stderr, '')
      assert.match(terminal.stdout, /^pipeline \w+\n {2}\w+[\w, ]*\n {4}→ \w+/)
    })
  }
})
