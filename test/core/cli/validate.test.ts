import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { memoryLimits } from '../../../core/cli/memory-warning.ts'
import { validate } from '../../../core/cli/validate.ts'
import { MemoryTerminal } from './memory-terminal.ts'

const BROKEN = path.relative('.', path.join(import.meta.dirname, '../../cases/config/broken'))
const GIB = 2 ** 30
const ROOMY = { heap: 1024 * GIB, machine: 1024 * GIB }
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
describe('weir validate prints the guarantees', () => {
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
      assert.equal(await validate(terminal, [file], false, ROOMY), EXIT.ok, terminal.stderr)
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
      assert.equal(await validate(terminal, [path.join(ROOT, file)], false, ROOMY), EXIT.ok, terminal.stderr)
      assert.equal(terminal.stderr, '')
      assert.match(terminal.stdout, /^pipeline \w+\n {2}\w+[\w, ()]*\n {4}[→⇒] \w+/)
    })
  }
})

describe('weir validate compares the memory bound with the available memory', () => {
  const file = path.join(import.meta.dirname, '../../cases/config/two-pipelines-of-one-counter.yaml')
  const number = (text: string, pattern: RegExp) => Number(pattern.exec(text)![1].replaceAll(',', ''))
  const lower = 'Lower max_groups of windowed_counter'
  const cases: [string, { heap: number; machine: number }, string][] = [
    ['enough of both', { heap: 4 * GIB, machine: 4 * GIB }, ''],
    [
      "V8's heap is smaller",
      { heap: GIB, machine: 3 * GIB },
      `V8's heap limit, 1,024 MiB. ${lower}, or raise the limit by NODE_OPTIONS=--max-old-space-size=<MiB>`
    ],
    [
      'the machine or the container is smaller',
      { heap: 4 * GIB, machine: GIB },
      `the machine's or the container's memory, 1,024 MiB. ${lower}, or give it more`
    ]
  ]
  for (const [name, limits, want] of cases) {
    it(name, async () => {
      const terminal = new MemoryTerminal()
      assert.equal(await validate(terminal, [file], false, limits), EXIT.ok)
      if (want === '') return assert.equal(terminal.stderr, '')
      // The processor runs in two pipelines; the graph shows the bound of each.
      const each = number(terminal.stdout, /→ \S+ \(remembers at most ([\d,]+) MiB/)
      const both = number(terminal.stderr, /windowed_counter ([\d,]+) MiB/)
      assert.ok(both === 2 * each || both === 2 * each - 1, `${each}, ${both}`)
      // The receiver runs once.
      const received = number(terminal.stdout, / statsd \(remembers at most ([\d,]+) MiB/)
      const most = number(terminal.stderr, /grow to ([\d,]+) MiB/)
      // The series table is not in the heap.
      const isMachine = limits.heap > limits.machine
      assert.ok(Math.abs(most - (both + received + 256 + (isMachine ? 977 : 0))) <= 2, `${most}`)
      const total = most.toLocaleString('en')
      const sum = `(windowed_counter ${both.toLocaleString('en')} MiB, statsd ${received} MiB, in flight 128 MiB, output 128 MiB${isMachine ? ', series 977 MiB' : ''})`
      const share = number(terminal.stderr, /: ([\d,]+) % of /)
      assert.ok(Math.abs(share - (most / 1024) * 100) < 1, `${share} %`)
      assert.equal(terminal.stderr, `warning: memory may grow to ${total} MiB ${sum}: ${share} % of ${want}\n`)
    })
  }

  it('the default configuration, on a default heap of 4 GiB', async () => {
    const terminal = new MemoryTerminal()
    const quickstart = path.join(ROOT, 'configs/quickstart.yaml')
    await validate(terminal, [quickstart], false, { heap: 4144 * 2 ** 20, machine: 24 * GIB })
    assert.match(
      terminal.stderr,
      /^warning: memory may grow to [\d,]+ MiB .* of V8's heap limit, 4,144 MiB\. Lower max_groups/
    )
  })

  it('regression: a bound far beyond any machine was a number of MiB, with the advice to raise the heap', async () => {
    const terminal = new MemoryTerminal()
    const large = path.join(import.meta.dirname, '../../cases/config/too-large.yaml')
    await validate(terminal, [large], false, { heap: 4 * GIB, machine: 24 * GIB })
    assert.match(
      terminal.stderr,
      /^warning: memory may grow to [\d.]+ TiB \(windowed_counter [\d.]+ TiB, .*\): [\d,]+ times V8's heap limit, 4,096 MiB\. Lower max_groups of windowed_counter\n$/
    )
  })

  it('the limits are those of this process and machine', () => {
    const { heap, machine } = memoryLimits()
    assert.ok(heap > 64 * 2 ** 20 && Number.isFinite(heap))
    assert.ok(machine > 64 * 2 ** 20 && machine <= totalmem())
  })
})
