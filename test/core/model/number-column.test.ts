import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NumberReader, NumberWriter } from '../../../core/model/number-column.ts'

/** More than a piece, a run as long as one, an empty one, and none at the end. */
const RUNS: Record<string, number[]> = {
  nothing: [],
  'one empty run': [0],
  'runs of all lengths': [3, 0, 127, 128, 70_000, 1, 65_536, 65_535, 200, 0],
  'many that end with a piece': new Array(70_000).fill(1)
}

for (const [what, lengths] of Object.entries(RUNS))
  test(`numbers are read as they were written: ${what}`, () => {
    const writer = new NumberWriter()
    for (const [i, length] of lengths.entries()) {
      writer.add(i)
      writer.addAll(Float64Array.from({ length }, (_, j) => i + j))
    }
    const reader = new NumberReader(structuredClone(writer.written))
    for (const [i, length] of lengths.entries()) {
      assert.equal(reader.next(), i)
      const run = reader.nextAll()
      assert.equal(run.length, length)
      assert.ok(run.every((value, j) => value === i + j))
    }
    assert.ok(reader.atEnd)
  })

test('no piece is much larger than half a MiB, so that none takes long to write', () => {
  const writer = new NumberWriter()
  for (let i = 0; i < 300_000; i++) writer.add(i)
  assert.ok(Math.max(...writer.written.map(({ byteLength }) => byteLength)) <= 2 ** 19)
  assert.ok(writer.written.length < 20, `${writer.written.length} pieces`)
})
