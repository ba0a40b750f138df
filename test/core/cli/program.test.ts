import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { it } from 'node:test'
import { CommanderError } from 'commander'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { makeProgram } from '../../../core/cli/program.ts'
import { MemoryTerminal } from './memory-terminal.ts'

const MAIN = path.join(import.meta.dirname, '../../../core/main.ts')

/** Runs a command as `main.ts` does. */
async function weir(...args: string[]): Promise<{ terminal: MemoryTerminal; code: number | undefined }> {
  const terminal = new MemoryTerminal()
  let code: number | undefined
  try {
    await makeProgram(terminal, ended => (code = ended)).parseAsync(args, { from: 'user' })
  } catch (error) {
    assert.ok(error instanceof CommanderError, String(error))
    code = error.exitCode === 0 ? EXIT.ok : EXIT.usage
  }
  return { terminal, code }
}

for (const [command, ...mentions] of [
  ['run', '--config', '--discard-state', 'drain'],
  ['validate', '--config', '--probe', 'files'],
  ['components', 'type'],
  ['schema', 'JSON Schema'],
  ['query', '--admin', '--exporter', '--format', 'sql']
])
  it(`weir ${command} --help`, async () => {
    const { terminal, code } = await weir(command, '--help')
    assert.equal(code, EXIT.ok)
    assert.match(terminal.stdout, new RegExp(`^Usage: weir ${command} `))
    for (const mention of mentions) assert.ok(terminal.stdout.includes(mention), mention)
    assert.equal(terminal.stderr, '')
  })

it('weir --help lists every command', async () => {
  const { terminal, code } = await weir('--help')
  assert.equal(code, EXIT.ok)
  for (const command of ['run', 'validate', 'components', 'schema', 'query'])
    assert.match(terminal.stdout, new RegExp(`^ {2}${command} .*[A-Z]`, 'm'), `${command} has a description`)
})

for (const [args, message] of [
  [['rnu'], /unknown command 'rnu'\n\(Did you mean run\?\)/],
  [['run'], /required option '-c, --config <file>' not specified/],
  [['run', '--config'], /argument missing/],
  [['run', '--config', 'a.yaml', '--fast'], /unknown option '--fast'/],
  [['query'], /missing required argument 'sql'/],
  [['schema', 'more'], /too many arguments/],
  // An empty number was the dead letter 0.
  [['dlq', 'replay', '--number', ''], /must be a whole number/],
  [['dlq', 'replay', '--number', '1.5'], /must be a whole number/],
  [['validate'], /give at least one configuration file: weir validate weir.yaml/],
  [[], /Usage: weir/]
] as [string[], RegExp][])
  it(`weir ${args.join(' ')}: wrong arguments`, async () => {
    const { terminal, code } = await weir(...args)
    assert.equal(code, EXIT.usage)
    assert.match(terminal.stderr, message)
    assert.equal(terminal.stdout, '', 'errors go to standard error')
  })

it('validate takes files by --config and by themselves, merged in that order', async () => {
  const { terminal, code } = await weir('validate', '--config', 'no-such.yaml', 'nor-this.yaml')
  assert.equal(code, EXIT.invalid)
  assert.match(terminal.stderr, /no-such\.yaml/)
  assert.match(terminal.stderr, /nor-this\.yaml/)
})

it('run with a file that is not there', async () => {
  const { terminal, code } = await weir('run', '--config', 'no-such.yaml')
  assert.equal(code, EXIT.invalid)
  assert.match(terminal.stderr, /no-such\.yaml/)
})

it('the process ends with the code', () => {
  for (const [args, code] of [
    [['--help'], 0],
    [['components', 'otlp'], 0],
    [['validate', 'no-such.yaml'], 1],
    [['rnu'], 2],
    [['query', 'SELECT 1', '--admin', 'http://127.0.0.1:1'], 5]
  ] as [string[], number][]) {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' })
    assert.equal(status, code, `${args.join(' ')}: ${stderr}`)
  }
})
