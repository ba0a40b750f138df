import assert from 'node:assert/strict'
import { it } from 'node:test'
import { CommanderError } from 'commander'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { makeProgram } from '../../../core/cli/program.ts'
import { freePort } from '../../servers/free-port.ts'
import { MemoryTerminal } from './memory-terminal.ts'

const CLOSED = `http://127.0.0.1:${await freePort()}`

/** Commands that ask a running Weir. */
const ASKING = [
  ['reload'],
  ['query', 'SELECT 1'],
  ['top', '--once'],
  ['tap', 'receiver/otlp'],
  ['why', 'm'],
  ['dlq', 'replay']
]

const cases: [args: string[], code: number, message: RegExp][] = [
  ...ASKING.flatMap((args): typeof cases => [
    [
      [...args, '--admin', CLOSED],
      EXIT.refused,
      /^cannot reach a running Weir at \S+; is it running\? --admin sets its/
    ],
    [[...args, '--admin', 'localhost:13133'], EXIT.usage, /'--admin <url>' .*must be a URL, as in http:/]
  ]),
  // Files that cannot be read are as faulty ones. A folder of Weir's own that is not there is a wrong argument.
  [['run', '--config', 'none.yaml'], EXIT.invalid, /^none\.yaml:1:1: error: cannot read this file: ENOENT/],
  [['validate', 'none.yaml'], EXIT.invalid, /^none\.yaml:1:1: error: cannot read this file: ENOENT/],
  [['kafka', 'seek', '--config', 'none.yaml', '--to', 'latest'], EXIT.invalid, /^none\.yaml:1:1: error: cannot read/],
  [['test', 'none.yaml'], EXIT.invalid, /^none\.yaml: FAILED: cannot read it: ENOENT/],
  [['plugin', 'check', 'none.ts'], EXIT.invalid, /^cannot load plugin "\S+none\.ts": there is no such file/],
  [['plugin', 'new', 'sink', 'a'], EXIT.usage, /Allowed choices are receiver, processor, exporter, extension/],
  [['schema', 'check', 'none.json', 'none.json'], EXIT.invalid, /^cannot compare none\.json and none\.json: ENOENT/],
  [['schema', 'check', import.meta.filename, 'none.json'], EXIT.invalid, /is not JSON/],
  [['components', 'none'], EXIT.usage, /^there is no component "none"/],
  [['dlq', 'list', 'none'], EXIT.usage, /^there is no folder none; see service\.dead_letters\.folder/],
  ...[
    ['inspect', 'none'],
    ['verify', 'none'],
    ['truncate', 'none', '--segment', 'a', '--offset', '0'],
    ['replay', 'none', '--from', '1']
  ].map((args): (typeof cases)[0] => [
    ['journal', ...args],
    EXIT.usage,
    /^there is no folder none; see service\.journal\./
  ])
]

for (const [args, code, message] of cases)
  it(`weir ${args.join(' ').replace(CLOSED, 'CLOSED')}: exit code ${code}, and the reason on standard error`, async () => {
    const terminal = new MemoryTerminal()
    let ended: number | undefined
    try {
      await makeProgram(terminal, code => (ended = code)).parseAsync(args, { from: 'user' })
    } catch (error) {
      assert.ok(error instanceof CommanderError, String(error))
      ended = EXIT.usage
    }
    assert.match(terminal.stderr, message)
    assert.equal(terminal.stdout, '')
    assert.equal(ended, code)
  })

it('every command has a help with an upper-case sentence, and options with texts', () => {
  const commands = [...makeProgram(new MemoryTerminal(), () => {}).commands]
  for (const command of commands) {
    commands.push(...command.commands)
    assert.match(command.description(), /^[A-Z].*\.$/, command.name())
    for (const { flags, description } of command.options) assert.match(description, /^[a-z].*[^.]$/, flags)
  }
})
