import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { buildClient } from '../../../scripts/build-client.ts'
import { checkClientSize } from '../../../scripts/client-size.ts'
import { ROOT, Sandbox } from '../../e2e/weir-process.ts'
import { requireNpmPackage } from '../../servers/npm-package.ts'
import { ReceivingServer } from './receiving-server.ts'

const OLDEST_NODE = `node-${process.platform}-${process.arch}`
const OLDEST_VERSION = '20.0.0'
const { path: folder, skip } = await requireNpmPackage(OLDEST_NODE, OLDEST_VERSION)

const BODY = `
const client = createClient({ endpoint: process.argv[2] })
client.count('started', 1, { node: process.versions.node.split('.')[0] })
client.event('started')
client.close({ deadline: 10_000 }).then(closed => console.log(JSON.stringify(closed)))
`
const PROGRAMS = {
  'program.mjs': `import { createClient } from 'weir-client'${BODY}`,
  'program.cjs': `const { createClient } = require('weir-client')${BODY}`
}
const TYPED = `import { type Client, createClient } from 'weir-client'
const client: Client = createClient({ endpoint: 'http://127.0.0.1:4318' })
client.count('a', 1, { b: 2 })
client.close({ deadline: 1 }).then(({ unsent }) => unsent.toFixed())
`
const COMPILED = [
  ['module.mts', '--module', 'nodenext'],
  ['commonjs.cts', '--module', 'nodenext'],
  [
    'page.ts',
    '--module',
    'esnext',
    '--moduleResolution',
    'bundler',
    '--customConditions',
    'browser',
    '--lib',
    'es2022,dom'
  ]
]

test('the package weir-client', async t => {
  const sandbox = await Sandbox.open(t)
  const built = sandbox.path('node_modules/weir-client')
  await buildClient(built)
  for (const [file, text] of Object.entries(PROGRAMS)) await writeFile(sandbox.path(file), text)

  for (const file of Object.keys(PROGRAMS)) {
    await t.test(`${file} on Node ${process.version}`, () => run(process.execPath, file))
    await t.test(`${file} on Node ${OLDEST_VERSION}`, { skip }, () => run(path.join(folder, 'bin/node'), file))
  }
  for (const [file, ...options] of COMPILED)
    await t.test(`types of ${file}`, async () => {
      await writeFile(sandbox.path(file), TYPED)
      const tsc = path.join(ROOT, 'node_modules/.bin/tsc')
      const { code, stdout } = await sandbox.run(tsc, ['--noEmit', '--strict', '--types', '', ...options, file])
      assert.equal(code, 0, stdout)
    })

  async function run(node: string, file: string): Promise<void> {
    const server = await ReceivingServer.start(t)
    const { code, stdout, stderr } = await sandbox.run(node, [file, server.endpoint])
    assert.deepEqual([code, JSON.parse(stdout)], [0, { unsent: 0, refused: 0, dropped: 0 }], stderr)
    assert.deepEqual(
      server.items.map(({ name }) => name),
      ['started', 'started']
    )
  }
})

test('the bundle for browsers is small, and a larger one would be told', async () => {
  assert.deepEqual(await checkClientSize(), [])
  const [told] = await checkClientSize(1000)
  assert.match(told, /^sdk\/client\/browser has \d{4} bytes when it is minified and compressed, and 1000 are the most$/)
})
