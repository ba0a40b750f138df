import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { importPlugin } from '../../../core/plugin/loader.ts'
import * as contract from '../../../sdk/plugin/contract-test.ts'
import * as sdk from '../../../sdk/plugin/index.ts'
import * as testing from '../../../sdk/plugin/testing.ts'

const ESM = { type: 'module', exports: { import: './index.js' } }

test('regression: a package whose exports have only an import condition could not be loaded', async t => {
  const weir = inFolder(t, { ...packageOf('p', ESM), 'node_modules/p/index.js': 'export default 1' })
  assert.deepEqual(await weir('p'), { default: 1 })
})

test('a path may have characters that mean something in URLs', async t => {
  const weir = inFolder(t, { '100% #1?.mjs': 'export default 1' })
  assert.deepEqual(await weir('./100% #1?.mjs'), { default: 1 })
})

test('a package is found from the configuration file, not from Weir or from another configuration file', async t => {
  for (const name of ['one', 'other']) {
    const weir = inFolder(t, { ...packageOf('p', ESM), 'node_modules/p/index.js': `export default '${name}'` })
    assert.deepEqual(await weir('p'), { default: name })
  }
  await assert.rejects(inFolder(t, {})('rxjs'), /Cannot find package 'rxjs'/)
})

test('regression: a plugin outside of a package that has Weir could not import weir/plugin', async t => {
  const weir = inFolder(t, {
    'plugin.ts': `import * as sdk from 'weir/plugin'
import * as contract from 'weir/plugin/contract'
import * as testing from 'weir/plugin/testing'
export default [sdk, testing, contract] satisfies object[]`
  })
  assert.deepEqual(await weir('./plugin.ts'), { default: [sdk, testing, contract] })
})

test('regression: a plugin with a copy of Weir of its own got classes that were not those of the running one', async t => {
  const weir = inFolder(t, {
    ...packageOf('weir', { type: 'module', exports: { './plugin': './copy.js' } }),
    'node_modules/weir/copy.js': 'export const Batch = class Copy {}',
    'plugin.mjs': "export { Batch as default } from 'weir/plugin'",
    'plugin.cjs': "module.exports = require('weir/plugin').Batch"
  })
  for (const file of ['./plugin.mjs', './plugin.cjs'])
    assert.equal(((await weir(file)) as { default: unknown }).default, sdk.Batch, file)
})

const failures: [string, Record<string, string>, string, RegExp][] = [
  [
    'a package of TypeScript',
    { ...packageOf('p', { type: 'module', exports: './index.ts' }), 'node_modules/p/index.ts': 'export default 1' },
    'p',
    /^cannot load plugin "p": Stripping types .*index\.ts"; .* the package must contain JavaScript, compiled by its author/
  ],
  [
    'a path that leads nowhere',
    {},
    './none.ts',
    /^cannot load plugin "\.\/none\.ts": there is no such file; a path is relative to the configuration file$/
  ],
  [
    'a package that is not installed',
    {},
    'none',
    /^cannot load plugin "none": Cannot find package 'none' .*; install it .*npm install none.*"\.\/none"/
  ],
  [
    'a package without an export for import',
    packageOf('p', { exports: { require: './index.cjs' } }),
    'p',
    /^cannot load plugin "p": No "exports" main defined in \S+package\.json/
  ],
  [
    'a plugin that imports a package that is not installed',
    { 'plugin.mjs': "import 'none'" },
    './plugin.mjs',
    /^cannot load plugin "\.\/plugin\.mjs": Cannot find package 'none' imported from \S+plugin\.mjs$/
  ],
  [
    'a plugin that imports an unknown module of Weir',
    { 'plugin.mjs': "import 'weir/core'" },
    './plugin.mjs',
    /^cannot load plugin "\.\/plugin\.mjs": Package subpath '\.\/core' is not defined by "exports"/
  ],
  [
    'a plugin that throws',
    { 'plugin.mjs': "throw new Error('no disk')" },
    './plugin.mjs',
    /^cannot load plugin "\.\/plugin\.mjs": no disk$/
  ]
]
for (const [name, files, specifier, message] of failures)
  test(`names the fault of ${name}`, async t => {
    await assert.rejects(inFolder(t, files)(specifier), { code: 'PLUGIN_INVALID', message })
  })

/** Imports a plugin as a configuration file beside `files` would. */
function inFolder(t: TestContext, files: Record<string, string>): (specifier: string) => Promise<object> {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-loader-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    writeFileSync(path.join(folder, file), text)
  }
  return async specifier => ({ ...((await importPlugin(specifier, path.join(folder, 'weir.yaml'))) as object) })
}

function packageOf(name: string, manifest: object): Record<string, string> {
  return { [`node_modules/${name}/package.json`]: JSON.stringify({ name, ...manifest }) }
}
