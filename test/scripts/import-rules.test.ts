import assert from 'node:assert/strict'
import path from 'node:path'
import { it } from 'node:test'
import { checkImports } from '../../scripts/import-rules.ts'
import { makeTree } from './make-tree.ts'

it('no import of this repository breaks a rule', async () => {
  assert.deepEqual(await checkImports(path.join(import.meta.dirname, '../..')), [])
})

/** Files that keep the rules together, to which each case adds its own. */
const HOUSE = {
  'bin/weir.js': "import '../core/main.ts'",
  'core/main.ts': "import './cli/run.ts'\nimport { builtIns } from '../built-ins.ts'",
  'core/cli/run.ts':
    "import type { Batch } from '../batch/batch.ts'\nimport type { Queue } from '../pipeline/queue.ts'",
  'core/pipeline/queue.ts': "import type { Plugin } from '../plugin/plugin.ts'",
  'core/batch/batch.ts': "import type { Series } from '../model/series.ts'",
  'core/plugin/plugin.ts': "import type { Batch } from '../batch/batch.ts'",
  'core/model/series.ts': 'export interface Series {}',
  'built-ins.ts': "export const builtIns = () => [import('./receivers/x/index.ts'), import('./exporters/y/index.ts')]",
  'receivers/x/index.ts': "import { z } from './z.ts'\nimport type { Plugin } from '../../sdk/plugin/index.ts'",
  'receivers/x/z.ts': '',
  'exporters/y/index.ts': '',
  'sdk/plugin/index.ts': "export type { Plugin } from '../../core/plugin/plugin.ts'"
}

const cases: [name: string, files: Record<string, string>, want: RegExp | undefined][] = [
  ['nothing in a house that keeps the rules', {}, undefined],
  [
    'a circle, of types too',
    {
      'core/model/series.ts': "import type { A } from './a.ts'",
      'core/model/a.ts': "import {\n  type B,\n} from './b.ts'",
      'core/model/b.ts': "export * from './series.ts'"
    },
    /^imports run in a circle: core\/model\/a\.ts → core\/model\/b\.ts → core\/model\/series\.ts → core\/model\/a\.ts$/m
  ],
  [
    'a type that is imported from a higher layer',
    { 'core/model/series.ts': "export type Queue = import('../pipeline/queue.ts').Queue" },
    /^core\/model\/series\.ts imports core\/pipeline\/queue\.ts: core\/model is a lower layer/m
  ],
  [
    'a batch that imports the rest of the pipeline',
    { 'core/batch/batch.ts': "import '../pipeline/queue.ts'" },
    /^core\/batch\/batch\.ts imports core\/pipeline\/queue\.ts: core\/batch is a lower layer/m
  ],
  [
    'a folder of core without a layer',
    { 'core/model/series.ts': "import '../attic/old.ts'", 'core/attic/old.ts': '' },
    /core\/attic\/old\.ts: it is in no layer/
  ],
  [
    'core importing a component',
    { 'core/cli/run.ts': "import type { X } from '../../receivers/x/index.ts'" },
    /core\/cli\/run\.ts imports receivers\/x\/index\.ts: core knows no component/
  ],
  [
    'core importing the SDK',
    { 'core/cli/run.ts': "import '../../sdk/plugin/index.ts'" },
    /core\/cli\/run\.ts imports sdk\/plugin\/index\.ts: core knows no component/
  ],
  [
    'core importing the list of components',
    { 'core/cli/run.ts': "import { builtIns } from '../../built-ins.ts'" },
    /core\/cli\/run\.ts imports built-ins\.ts: only core\/main\.ts/
  ],
  [
    'a component importing another',
    { 'receivers/x/z.ts': "import {\n  y\n} from '../../exporters/y/index.ts'" },
    /receivers\/x\/z\.ts imports exporters\/y\/index\.ts: components import/
  ],
  [
    'a component importing the pipeline',
    { 'receivers/x/z.ts': "import type { Queue } from '../../core/pipeline/queue.ts'" },
    /receivers\/x\/z\.ts imports core\/pipeline\/queue\.ts: components import/
  ],
  [
    'shipped code that imports a test',
    { 'receivers/x/z.ts': "import '../../test/help.ts'", 'test/help.ts': '' },
    /receivers\/x\/z\.ts imports test\/help\.ts: it is not part of the npm package/
  ],
  [
    'an import of nothing',
    { 'receivers/x/z.ts': "import { gone } from './gone.ts'" },
    /receivers\/x\/z\.ts imports \.\/gone\.ts: there is no such file/
  ],
  [
    'a file that only its test imports',
    { 'core/model/unused.ts': '', 'test/core/model/unused.test.ts': "import '../../../core/model/unused.ts'" },
    /^core\/model\/unused\.ts: no shipped file imports it/m
  ],
  [
    'a test of pipelines that imports a component',
    { 'test/core/pipeline/a.test.ts': "import '../../../receivers/x/index.ts'" },
    /^test\/core\/pipeline\/a\.test\.ts imports receivers\/x\/index\.ts: tests of pipelines build/m
  ],
  ['a helper that no test imports', { 'test/help.ts': '' }, /^test\/help\.ts: no file imports it/m]
]
it('finds that no file was read', async t => {
  assert.deepEqual(await checkImports(makeTree(t, { 'core/README.md': '' })), [
    'dependency-cruiser has read no file: see which TypeScript it supports'
  ])
})

for (const [name, files, want] of cases) {
  it(`finds ${name}`, async t => {
    const found = (await checkImports(makeTree(t, { ...HOUSE, ...files }))).join('\n')
    if (want === undefined) assert.equal(found, '')
    else assert.match(found, want)
  })
}
