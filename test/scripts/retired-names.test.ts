import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { checkNames } from '../../scripts/retired-names.ts'
import { makeTree } from './make-tree.ts'

const RETIRED = new Map([
  ['burial', 'dead-letter writer'],
  ['handedBack', 'nacked']
])
const find = (t: TestContext, file: string, text: string) => checkNames(makeTree(t, { [file]: text }), RETIRED)

const cases: [name: string, file: string, text: string, want: readonly string[]][] = [
  [
    'a class',
    'core/a.ts',
    'class BurialWriter {}',
    ['core/a.ts, BurialWriter: say "dead-letter writer" in place of "burial"']
  ],
  [
    'a private method',
    'core/a.ts',
    'class A { #handedBack() {} }',
    ['core/a.ts, #handedBack: say "nacked" in place of "handedBack"']
  ],
  [
    'a constant',
    'test/a.ts',
    'const IS_HANDED_BACK = 1',
    ['test/a.ts, IS_HANDED_BACK: say "nacked" in place of "handedBack"']
  ],
  ['a folder', 'core/burial/a.ts', '', ['core/burial/a.ts: say "dead-letter writer" in place of "burial"']],
  [
    'no part of a word',
    'core/a.ts',
    'const burialGround2 = handed(backwards)\nconst reburials = 1',
    ['core/a.ts, burialGround2: say "dead-letter writer" in place of "burial"']
  ],
  ['no text and no comment', 'core/a.ts', "const a = 'burial' // handedBack", []]
]
for (const [name, file, text, want] of cases) it(`finds ${name}`, t => assert.deepEqual(find(t, file, text), want))
