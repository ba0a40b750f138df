import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readJsObject } from '../../../../core/cli/import/statsd/js-object.ts'

const readable: readonly [name: string, text: string, want: unknown][] = [
  ['JSON', '{"port": 8125, "backends": ["a", "b"], "x": null}', { port: 8125, backends: ['a', 'b'], x: null }],
  ['names, quotes and commas of JavaScript', '{ a: \'x\', "b": `y`, c: [1, 2,], }', { a: 'x', b: 'y', c: [1, 2] }],
  ['comments', '/* a: 1 */ { // b: 2\n c: 3 /* } */ }\n// end', { c: 3 }],
  ['commas first', '{ a: 1\n, b: 2\n}', { a: 1, b: 2 }],
  [
    'numbers',
    '{ a: -1.5, b: .5, c: 1e3, d: 0x10, e: 0o17, f: 10 * 1000 }',
    { a: -1.5, b: 0.5, c: 1000, d: 16, e: 15, f: 10000 }
  ],
  ['escapes', String.raw`{ a: 'it\'s\n\u0041\x42' }`, { a: "it's\nAB" }],
  ['dollar signs that would be references', "{ a: '${x}', b: '$$', c: '$1' }", { a: '$${x}', b: '$$$', c: '$1' }],
  [
    'variables',
    "{ a: process.env.HOST, b: process.env.PORT || 8125, c: process.env.X ?? 'y' }",
    { a: '${env:HOST}', b: '${env:PORT:-8125}', c: '${env:X:-y}' }
  ],
  ['an assignment', 'module.exports = { a: 1 };', { a: 1 }],
  ['brackets', '({ a: true })', { a: true }]
]

for (const [name, text, want] of readable)
  test(`an object literal is read as data: ${name}`, () => {
    assert.deepEqual(readJsObject(text), { value: want, unreadable: [] })
  })

const code: readonly [text: string, expression: string][] = [
  ["{\n a: require('os').hostname().split('.')[0], b: 1 }", "require('os').hostname().split('.')[0]"],
  [
    '{\n a: (() => { globalThis.wasRun = true; return "}" })(), b: 1 }',
    '(() => { globalThis.wasRun = true; return "}" })()'
  ],
  ['{\n a: 1 + 2, b: 1 }', '1 + 2'],
  ['{\n a: `x${1}`, b: 1 }', '`x${1}`'],
  ['{\n a: function () { return { c: 1, d: [2] } }, b: 1 }', 'function () { return { c: 1, d: [2] } }']
]

for (const [text, expression] of code)
  test(`code is not run, but told with its line: ${expression}`, () => {
    const { value, unreadable } = readJsObject(text)
    assert.deepEqual(value, { a: undefined, b: 1 })
    assert.deepEqual(unreadable, [{ path: 'a', line: 2, text: expression }])
    assert.ok(!('wasRun' in globalThis))
  })

const broken: readonly [text: string, message: RegExp][] = [
  ['', /^line 1: an object .* is expected$/],
  ['const x = 1', /^line 1: an object/],
  ['{ a: 1', /^line 1: a comma or \} is expected$/],
  ['{ a 1 }', /a colon is expected after a/],
  ['{ a: , }', /a value is expected/],
  ['{ a: [1 2] }', /./],
  ['{}\nprocess.exit(1)', /^line 2: nothing may follow the object: code is not run$/],
  [`{ a: ${'['.repeat(100_000)} }`, /nested more than 50 deep/]
]

for (const [text, message] of broken)
  test(`it says where the text is no object literal: ${text.slice(0, 30)}`, () => {
    assert.throws(
      () => {
        const { unreadable } = readJsObject(text)
        if (unreadable.length > 0) throw new Error(`unreadable ${unreadable[0].text}`)
      },
      { message }
    )
  })
