import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { toValue } from '../../../core/config/document.ts'
import { loadConfig } from '../../../core/config/load.ts'
import { Problems } from '../../../core/config/problems.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'weir-'))
after(() => rmSync(folder, { recursive: true }))

function load(env: Record<string, string>, ...texts: string[]): { value: unknown; problems: string } {
  const files = texts.map((text, i) => {
    const file = path.join(folder, `${i}.yaml`)
    writeFileSync(file, text)
    return file
  })
  const problems = new Problems()
  const node = loadConfig(files, env, problems)
  return { value: node && toValue(node), problems: problems.format().replaceAll(`${folder}/`, '') }
}

describe('variables', () => {
  const env = { PORT: '4318', HOST: 'db', EMPTY: '' }
  const cases: [string, unknown][] = [
    ['${env:PORT}', '4318'],
    ['"${env:PORT}"', '4318'],
    ['${env:HOST}:${env:PORT}', 'db:4318'],
    ['${env:MISSING:-8080}', '8080'],
    ['${env:MISSING:-http://a:1/b}', 'http://a:1/b'],
    ['${env:MISSING:-}', ''],
    ['${env:EMPTY:-x}', ''],
    ['"a$$b"', 'a$b'],
    ['"$${env:HOST}"', '${env:HOST}'],
    ['cost $5', 'cost $5']
  ]
  for (const [text, want] of cases) {
    it(text, () => assert.deepEqual(load(env, `key: ${text}`), { value: { key: want }, problems: '' }))
  }
})

describe('values', () => {
  const cases: [string, unknown][] = [
    [
      'a: true\nb: 1.5\nc: ~\nd: text here\ne: 0x10\nf: 2026-11-22',
      { a: true, b: 1.5, c: null, d: 'text here', e: 16, f: '2026-11-22' }
    ],
    ['a: "yes"\nb: \'5\'\nc: |\n  two\n  lines\n', { a: 'yes', b: '5', c: 'two\nlines\n' }],
    ['a: &x [1, 2]\nb: *x', { a: [1, 2], b: [1, 2] }],
    ['a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3', { a: { p: 1, q: 2 }, b: { q: 3, p: 1 } }]
  ]
  for (const [text, want] of cases) it(JSON.stringify(text), () => assert.deepEqual(load({}, text).value, want))
})

it('merges mappings key by key, and replaces everything else', () => {
  const { value } = load({}, 'a: {x: 1, y: [1, 2]}\nb: 1', 'a: {y: [3], z: 4}\nc: 2')
  assert.deepEqual(value, { a: { x: 1, y: [3], z: 4 }, b: 1, c: 2 })
})

it('says where a problem of any of the files stands', () => {
  const { problems } = load({}, 'a: ${env:NOPE}', 'b: 1\nc:\n  d: ${env:NOPE}\n  d: 2')
  assert.match(
    problems,
    /^0\.yaml:1:4: error: environment variable NOPE is not set.*\n1\.yaml:3:6: error: environment.*\n1\.yaml:4:3: error: "d" stands twice/
  )
})

it('says which file cannot be read', () => {
  const problems = new Problems()
  assert.equal(loadConfig(['no-such.yaml'], {}, problems), undefined)
  assert.match(problems.format(), /^no-such\.yaml:1:1: error: cannot read this file: ENOENT/)
})

it('regression: a device or a pipe, which have no size, were read without bound', () => {
  const problems = new Problems()
  assert.equal(loadConfig(['/dev/zero'], {}, problems), undefined)
  assert.match(problems.format(), /^\/dev\/zero:1:1: error: cannot read this file: it has more than 16777216 bytes/)
})
