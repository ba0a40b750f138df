import assert from 'node:assert/strict'
import { it } from 'node:test'
import { allPlugins, listComponents } from '../../../core/cli/components.ts'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { fullSchema } from '../../../core/config/validate.ts'
import { MemoryTerminal } from './memory-terminal.ts'

const plugins = await allPlugins(new MemoryTerminal())

it('lists every component on a line of its own', async () => {
  const terminal = new MemoryTerminal()
  assert.equal(await listComponents(terminal, undefined), EXIT.ok)
  const lines = terminal.stdout.trimEnd().split('\n')
  assert.equal(lines.length, plugins.length)
  for (const [i, { kind, type, stability, description }] of plugins.entries())
    assert.match(lines[i], new RegExp(`^${kind} +${type} +${stability} +`), description)
  assert.ok(plugins.every(({ description }, i) => lines[i].endsWith(description)))
})

for (const plugin of plugins)
  it(`shows every option of ${plugin.type}`, async () => {
    const terminal = new MemoryTerminal()
    assert.equal(await listComponents(terminal, plugin.type), EXIT.ok)
    assert.match(terminal.stdout, new RegExp(`^${plugin.kind} ${plugin.type} \\(${plugin.stability}[;)]`, 'm'))
    for (const [name, { description }] of Object.entries(fullSchema(plugin).properties)) {
      assert.match(terminal.stdout, new RegExp(`^ {2}${name}( |$)`, 'm'))
      assert.ok(terminal.stdout.includes(String(description)), `what ${name} is for`)
    }
  })

it('shows defaults as users write them, and options in options', async () => {
  const terminal = new MemoryTerminal()
  await listComponents(terminal, 'otlp')
  assert.match(terminal.stdout, /^ {2}protocols\n.+\n {4}http\n.+\n {6}endpoint = 127\.0\.0\.1:4318$/m)
  assert.match(terminal.stdout, /^ {6}max_body_size = 20MiB$/m)
})

it('an exporter has the options of its sending queue', async () => {
  const terminal = new MemoryTerminal()
  await listComponents(terminal, 'debug')
  assert.match(terminal.stdout, /^ {2}queue\n.+\n {4}max_size = 64MiB$/m)
})

for (const [type, message] of [
  ['otpl', 'there is no component "otpl"; did you mean "otlp"?\n'],
  ['something_else', 'there is no component "something_else"']
])
  it(`there is no ${type}`, async () => {
    const terminal = new MemoryTerminal()
    assert.equal(await listComponents(terminal, type), EXIT.usage)
    assert.ok(terminal.stderr.startsWith(message), terminal.stderr)
    assert.equal(terminal.stdout, '')
  })
