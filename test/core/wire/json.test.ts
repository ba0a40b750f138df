import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BadInputError } from '../../../core/errors.ts'
import { readJson, showJson } from '../../../core/wire/json.ts'
import { assertLinear } from '../../growth.ts'

const parseJson = (text: string) => readJson(text, value => value)
const nested = (levels: number, inner = '') => '['.repeat(levels) + inner + ']'.repeat(levels)

describe('JSON that somebody sent', () => {
  it('may be nested as deeply as 256, and strings do not count', () => {
    assert.deepEqual(parseJson('{"a": "[[{\\"[", "b": [1, -2.5e3]}'), { a: '[[{"[', b: [1, -2500] })
    parseJson(nested(256))
    parseJson(nested(200, `"${'['.repeat(1000)}\\\\"`))
    assert.throws(() => parseJson(nested(257)), /nested deeper than 256 at character 256: send them flatter/)
  })

  it('regression: a string that does not end hid the nesting behind it', () => {
    assert.throws(() => parseJson(`"\n${nested(300)}`), /nested deeper than 256/)
    assert.throws(() => parseJson('"\\'), /not JSON: /)
  })

  it('has numbers of 1,024 digits at most', () => {
    assert.equal(parseJson('1'.repeat(309)), Number('1'.repeat(309)))
    assert.throws(() => parseJson(`[${'1'.repeat(1025)}]`), /a number has more than 1024 digits at character 1025/)
    assert.equal(parseJson(`"${'1'.repeat(5000)}"`), '1'.repeat(5000))
  })

  it('is told where it is none', () => {
    assert.throws(() => parseJson('{"a":'), { name: 'BadInputError', message: /^not JSON: / })
    assert.ok(BadInputError)
  })
})

describe('a value in an error', () => {
  it('is shown as JSON, and cut', () => {
    for (const value of [null, true, 1.5, 'a"b', [], [1, 'x', [2]], {}, { a: 1, b: { c: [] } }])
      assert.equal(showJson(value), JSON.stringify(value))
    assert.equal(showJson(undefined), 'nothing')
    assert.equal(showJson('x'.repeat(100)), `"${'x'.repeat(59)}…`)
    assert.match(showJson(Array(100).fill('abc')), /^\["abc",.{53}…$/)
  })

  it('regression: took as long as the whole value, or longer', () => {
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key ${i}`, [i]]))
    let deep: unknown = 1
    for (let i = 0; i < 10_000; i++) deep = [deep]
    const begun = performance.now()
    for (let i = 0; i < 20; i++) showJson([deep, wide, 'x'.repeat(1_000_000)])
    const took = performance.now() - begun
    assert.ok(took < 1000, `${took} ms`)
  })
})

it('time is linear in the size of the text', () => {
  const text = (times: number) => `[${'{"a":"\\\\[","b":12345},'.repeat(times)}1]`
  assertLinear('JSON', 20_000, text, parseJson)
})
