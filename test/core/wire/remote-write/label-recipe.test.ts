import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Attributes, AttributeValue } from '../../../../core/model/attributes.ts'
import { AttributeWriter } from '../../../../core/model/series-table/attribute-bytes.ts'
import type { Labels } from '../../../../core/wire/prometheus/labels.ts'
import { ProtobufWriter } from '../../../../core/wire/protobuf/writer.ts'
import { LabelRecipe } from '../../../../core/wire/remote-write/label-recipe.ts'
import { encodeLabels } from '../../../../core/wire/remote-write/write-request.ts'

/** Around these a length takes one byte more, or the writer's memory grows. */
const LENGTHS = [128, 1024, 2048, 16_384]
const NEAR = 130

describe('a recipe makes the labels of attributes', () => {
  const recipe = new LabelRecipe(attributesOf('first'), labelsOf('first'), 'NoTranslation')

  /** Undefined if they are not made. @param spare bytes behind the key */
  function made(value: AttributeValue, spare: number): Buffer | undefined {
    const key = new AttributeWriter().write(attributesOf(value), 'gauge')
    const view = new DataView(Uint8Array.from([...key, ...new Uint8Array(spare)]).buffer)
    const writer = new ProtobufWriter()
    return recipe.write(writer, { view, start: 0, end: key.length }) ? Buffer.from(writer.finish()) : undefined
  }

  const assertMade = (value: AttributeValue, spare: number) =>
    assert.deepEqual(made(value, spare), Buffer.from(encodeLabels(labelsOf(value))))

  it('for texts of every length, with memory behind them or without', () => {
    for (const length of LENGTHS)
      for (let i = Math.max(1, length - NEAR); i < length + NEAR; i++) assertMade('x'.repeat(i), i % 9)
  })

  it('for numbers of every length', () => {
    for (let number = 1; number <= Number.MAX_SAFE_INTEGER; number *= 10)
      for (const near of [number - 1, number, number + 1]) assertMade(near, 0)
    assertMade(Number.MAX_SAFE_INTEGER, 0)
  })

  it('with zeros behind them, to be compared by words', () => {
    const last = new LabelRecipe([['a', 'first']], [['a', 'first']], 'NoTranslation')
    for (let length = 1; length < NEAR; length++) {
      const key = new AttributeWriter().write([['a', 'x'.repeat(length)]], 'gauge')
      const writer = new ProtobufWriter()
      last.write(writer, { view: new DataView(Uint8Array.from([...key, ...key]).buffer), start: 0, end: key.length })
      assert.equal(writer.room(4).getInt32(writer.length), 0)
    }
  })

  it('not for other values', () => {
    for (const value of [null, true, 1.5, [1]]) assert.equal(made(value, 0), undefined)
  })
})

function attributesOf(value: AttributeValue): Attributes {
  return [
    ['a', value],
    ['host', 'é']
  ]
}

function labelsOf(value: AttributeValue): Labels {
  return [
    ['__name__', 'metric'],
    ['a', String(value)],
    ['host', 'é'],
    ['job', 'shop']
  ]
}
