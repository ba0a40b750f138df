import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { it } from 'node:test'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { checkPlugin } from '../../../core/cli/plugin-check.ts'
import type { Kind } from '../../../core/plugin/contract.ts'
import { ADVICE } from '../../../sdk/plugin/contract-advice.ts'
import { contractOf } from '../../../sdk/plugin/contract-test.ts'
import { ROOT, Sandbox } from '../../e2e/weir-process.ts'
import { BROKEN_PLUGINS } from '../../plugin/broken-plugins.ts'
import { freePort } from '../../servers/free-port.ts'
import { MemoryTerminal } from './memory-terminal.ts'

const example = (name: string) => path.join(ROOT, 'docs/examples', name)

for (const [file, options] of [
  ['drop-health-checks.ts', {}],
  ['pace.ts', {}],
  ['graphite.ts', { options: 'port: 0' }],
  ['webhook.ts', { options: `url: http://127.0.0.1:${await freePort()}`, unreachable: true }]
] as const)
  it(`weir plugin check ${file}: kept`, async () => {
    const terminal = new MemoryTerminal()
    assert.equal(await checkPlugin(terminal, example(file), { unreachable: false, ...options }), EXIT.ok)
    assert.match(terminal.stdout, /^(receiver|processor|exporter) \w+\n( {2}kept {4}.*\n)+keeps \d+ rules\n$/)
    assert.equal(terminal.stderr, '')
  })

for (const [what, module, options, code, message] of [
  ['no such file', './none.ts', {}, EXIT.invalid, /cannot load plugin "\S+none\.ts": there is no such file/],
  ['no such package', 'weir-plugin-none', {}, EXIT.invalid, /npm install weir-plugin-none/],
  ['a folder', path.join(ROOT, 'docs'), {}, EXIT.invalid, /it is a folder; name the file/],
  [
    'no plugin',
    path.join(ROOT, 'core/plural.ts'),
    {},
    EXIT.invalid,
    /is not a plugin: its default export is not an obj/
  ],
  [
    'a missing option',
    example('webhook.ts'),
    {},
    EXIT.usage,
    /exporter webhook: must have required property 'url'\n.*--options/
  ],
  [
    'a wrong option',
    example('graphite.ts'),
    { options: 'port: a' },
    EXIT.usage,
    /receiver graphite: port must be integer/
  ],
  [
    'options that are no mapping',
    example('pace.ts'),
    { options: 'a' },
    EXIT.usage,
    /--options must be YAML .*: it is "a"/
  ],
  [
    'options that are no YAML',
    example('pace.ts'),
    { options: '{' },
    EXIT.usage,
    /--options must be YAML .*: --options:1:/
  ],
  [
    'another type',
    example('pace.ts'),
    { type: 'peace' },
    EXIT.usage,
    /no plugin of type "peace"; it has processor pace/
  ]
] as const)
  it(`weir plugin check: ${what}`, async () => {
    const terminal = new MemoryTerminal()
    assert.equal(await checkPlugin(terminal, module, { unreachable: false, ...options }), code)
    assert.match(terminal.stderr, message)
    assert.equal(terminal.stdout, '')
  })

it('weir plugin check: a broken rule is a line with error and advice; uncaught errors break one, too', async t => {
  const sandbox = await Sandbox.open(t)
  const plugin = `
    const head = { stability: 'beta', schema: { type: 'object', properties: {} }, ports: { in: 'any', out: 'any' } }
    export default [
      defineProcessor({ ...head, type: 'early', description: 'Reads a file too early.',
        create: () => (setTimeout(() => { throw new Error('too early') }, 1), { process: block => block }) }),
      defineProcessor({ ...head, type: 'silent', description: 'no sentence', create: () => ({ process: block => block }) })
    ]`
  await writeFile(sandbox.path('two.ts'), `import { defineProcessor } from 'weir/plugin'\n${plugin}`)

  const both = await sandbox.weir('plugin', 'check', 'two.ts')
  assert.equal(both.code, EXIT.invalid)
  assert.match(
    both.stdout,
    /^ {2}BROKEN {2}creating it touches nothing: no socket, file or timer is open.* → Open sockets/m
  )
  assert.match(both.stdout, /^ {2}BROKEN {2}catches its errors: too early → Catch/m)
  assert.match(both.stdout, /^ {2}BROKEN {2}is well formed: description is a sentence → Define it with/m)
  assert.match(both.stdout, /^breaks 2 of 18 rules\nprocessor silent$/m)
  assert.match(both.stdout, /^breaks 1 of 18 rules$/m)
  for (const line of both.stdout.trim().split('\n')) assert.match(line, /^(processor| {2}kept| {2}BROKEN|breaks) /)
  assert.equal(both.stderr, '')

  const one = await sandbox.weir('plugin', 'check', './two.ts', '--type', 'silent')
  assert.deepEqual([one.code, one.stdout.split('\n')[0]], [EXIT.invalid, 'processor silent'])
})

it('each rule has an advice, and each advice a rule', () => {
  const ports = { in: 'any', out: 'any' }
  const kinds: Kind[] = ['receiver', 'processor', 'exporter', 'extension']
  const rules = kinds.flatMap(kind => {
    const plugin = { ...BROKEN_PLUGINS[0].plugin, kind, ports } as never
    return [...contractOf(plugin), ...contractOf(plugin, { unreachable: true })]
  })
  for (const { name, advice } of rules) assert.match(advice, /^[A-Z].*\.$/, name)
  assert.deepEqual([...new Set(rules.map(({ name }) => name))].sort(), Object.keys(ADVICE).sort())
})
