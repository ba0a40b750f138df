import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { it } from 'node:test'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { newPlugin } from '../../../core/cli/plugin-new.ts'
import { readConfig } from '../../../core/config/validate.ts'
import { KINDS } from '../../../core/plugin/registry.ts'
import { Sandbox } from '../../e2e/weir-process.ts'
import { MemoryTerminal } from './memory-terminal.ts'

// test/package does with them all that their README says.
for (const kind of KINDS)
  it(`weir plugin new ${kind}: has its own name everywhere, and a table of its options`, async t => {
    const sandbox = await Sandbox.open(t)
    const folder = sandbox.path('new')
    const terminal = new MemoryTerminal()
    assert.equal(await newPlugin(terminal, kind, 'own_2', folder), EXIT.ok)
    assert.deepEqual(globSync('*', { cwd: folder }).sort(), [
      'README.md',
      'own-2.test.ts',
      'own-2.ts',
      'own-2.yaml',
      'package.json',
      'tsconfig.json'
    ])
    const [source, test, yaml, readme] = ['own-2.ts', 'own-2.test.ts', 'own-2.yaml', 'README.md'].map(file =>
      readFileSync(`${folder}/${file}`, 'utf8')
    )
    for (const text of [source, test, yaml]) assert.doesNotMatch(text, /drop.health.checks|graphite|webhook|heartbeat/)
    // As the name of a variable it could be one of the language, or of the example.
    for (const [line] of `${source}\n${test}`.matchAll(/^.*own_2.*$/gm)) assert.match(line, /'[^']*own_2'|"[^"]*own_2"/)
    const { schema } = (await terminal.registry.find(kind, 'own_2'))!
    assert.deepEqual(
      [...readme.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name),
      Object.keys(schema.properties as object)
    )
    const { problems } = await readConfig([`${folder}/own-2.yaml`], {}, new MemoryTerminal().registry)
    assert.equal(problems.format(), '')
  })

for (const [kind, name, message] of [
  ['processor', 'Drop-Some', /lower_snake_case .*, such as drop_some: got "Drop-Some"/],
  ['processor', '../drop', /such as drop: got/],
  ['processor', '', /lower_snake_case and at most 100 characters long: got ""/],
  ['processor', 'a'.repeat(101), /at most 100 characters/],
  ['exporter', 'null', /YAML takes null for a value/],
  ['exporter', 'kafka', /^exporter kafka comes with Weir; give yours another name/]
] as const)
  it(`weir plugin new ${kind} ${name.slice(0, 20)}: refused`, async t => {
    const sandbox = await Sandbox.open(t)
    const terminal = new MemoryTerminal()
    assert.equal(await newPlugin(terminal, kind, name, sandbox.path('new')), EXIT.usage)
    assert.match(terminal.stderr, message)
    assert.deepEqual(globSync('*', { cwd: sandbox.folder }), [])
  })

it('weir plugin new: a folder that exists, or cannot be made', async t => {
  const sandbox = await Sandbox.open(t)
  await mkdir(sandbox.path('there'))
  for (const [folder, message] of [
    ['there', /there exists already; name another folder/],
    ['no/parent', /cannot make the folder .*no\/parent: ENOENT/],
    ['node_modules/a', /is in node_modules, where Node runs no TypeScript/]
  ] as const) {
    const terminal = new MemoryTerminal()
    assert.equal(await newPlugin(terminal, 'processor', 'own', sandbox.path(folder)), EXIT.usage)
    assert.match(terminal.stderr, message)
    assert.equal(terminal.stdout, '')
  }
  assert.deepEqual(globSync('**', { cwd: sandbox.folder }).sort(), ['.', 'there'])
})
