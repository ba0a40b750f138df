import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { it } from 'node:test'
import { checkHouse } from '../../scripts/house-rules.ts'

const ROOT = path.join(import.meta.dirname, '../..')

it('this house keeps its rules: no import circle, core knows no component, components not each other', () => {
  assert.deepEqual(checkHouse(ROOT), [])
})

const cases: [string, Record<string, string>, RegExp][] = [
  [
    'a circle',
    { 'core/a.ts': "import './b.ts'\nimport { b } from './b.ts'", 'core/b.ts': "export * from './a.ts'" },
    /circle: core\/a\.ts → core\/b\.ts → core\/a\.ts/
  ],
  [
    'core importing a component',
    { 'core/a.ts': "import type { X } from '../receivers/x/index.ts'", 'receivers/x/index.ts': '' },
    /core knows no component/
  ],
  [
    'core importing the list of components',
    { 'core/a.ts': "import { builtIns } from '../built-ins.ts'", 'built-ins.ts': '' },
    /only core\/main\.ts may/
  ],
  [
    'a component importing another',
    { 'receivers/x/index.ts': "import {\n  y\n} from '../../exporters/y/index.ts'", 'exporters/y/index.ts': '' },
    /receivers\/x\/index\.ts imports exporters\/y/
  ],
  [
    'a component importing the pipeline',
    { 'receivers/x/index.ts': "import { y } from '../../core/pipeline/y.ts'", 'core/pipeline/y.ts': '' },
    /components import/
  ],
  ['a long file', { 'core/a.ts': '\n'.repeat(301) }, /301 lines/]
]
for (const [name, files, want] of cases) {
  it(`finds ${name}`, () => {
    const root = mkdtempSync(path.join(tmpdir(), 'weir-house-'))
    try {
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(path.join(root, path.dirname(file)), { recursive: true })
        writeFileSync(path.join(root, file), text)
      }
      assert.match(checkHouse(root).join('\n'), want)
    } finally {
      rmSync(root, { recursive: true })
    }
  })
}
