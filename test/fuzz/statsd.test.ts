import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { EventBlockBuilder } from '../../core/model/event-builder.ts'
import { SeriesTable } from '../../core/model/series-table/series-table.ts'
import plugin from '../../exporters/statsd/index.ts'
import { LineWriter } from '../../exporters/statsd/lines.ts'
import { StatsdParser } from '../../receivers/statsd/parser.ts'
import { Framing } from '../../receivers/statsd/sockets/framing.ts'
import { attributeText, type PointBlock, PointBlockBuilder, sortAttributes } from '../../sdk/plugin/index.ts'
import { testConfig } from '../../sdk/plugin/testing.ts'
import { NOW, SECONDS } from './run.ts'

/** Half of the time of a file, for all tests. */
const TESTS = 6
const RUNS = { numRuns: 1_000_000_000, interruptAfterTimeLimit: (SECONDS / TESTS) * 1000 }

/** Pieces of lines, so that most of what is made nearly is one. */
const PIECE = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.constantFrom(
      ...'a:1|c :1 |g |ms |d |s |@0.5 |@ |#k:v,w |#a:b |T1700000000 |T |c:ci-1 |e:pu-2 |card:low + -5 1e9 _e{ _e{1,1}:t|x _sc|n|1 |m: \n , ; [ ]'.split(
        ' '
      )
    )
  },
  fc.string({ unit: 'binary', maxLength: 6 })
)
const TEXT = fc.array(PIECE, { maxLength: 30 }).map(pieces => pieces.join(''))

/** A parser, the lines that it refused, and those of its events. */
function parser() {
  const refused: string[] = []
  const made = new StatsdParser(new SeriesTable(), 100, reason => refused.push(reason))
  const parse = (bytes: Buffer, start = 0, end = bytes.length): PointBlock => {
    const points = new PointBlockBuilder()
    made.parse(bytes, NOW, points, new EventBlockBuilder(), start, end)
    return points.build()
  }
  return { parse, refused }
}

const rows = (block: PointBlock) =>
  Array.from(block.series, ({ key }, i) => `${key} ${block.time[i]} ${block.value[i]}`)

it('a datagram is read the same wherever it is in memory, and whatever was there before', () => {
  const property = fc.property(TEXT, TEXT, TEXT, (before, text, after) => {
    const [prefix, bytes] = [Buffer.from(before), Buffer.from(text)]
    const memory = Buffer.concat([prefix, bytes, Buffer.from(after)])
    const [alone, within] = [parser(), parser()]
    const block = within.parse(memory, prefix.length, prefix.length + bytes.length)
    assert.deepEqual([rows(block), within.refused], [rows(alone.parse(bytes)), alone.refused])
  })
  fc.assert(property, RUNS)
})

it('any bytes become finite points, or are refused; twice the same, and whichever way they come', () => {
  const property = fc.property(TEXT, fc.array(fc.nat(200), { maxLength: 6 }), (text, places) => {
    const bytes = Buffer.from(text)
    const { parse, refused } = parser()
    const first = parse(bytes)
    for (let i = 0; i < first.length; i++) {
      assert.ok(Number.isFinite(first.time[i]) && Number.isFinite(first.value[i]), rows(first)[i])
      assert.notEqual(first.series.at(i).metric.name, '')
    }
    const seen = refused.splice(0)
    const second = parse(bytes)
    assert.deepEqual([second.length, refused], [first.length, seen])
    const cut = [0, ...places.map(place => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
    const framed: Buffer[] = []
    const framing = new Framing(
      lines => framed.push(lines),
      () => framed.push(Buffer.from('x'))
    )
    const isReadable = cut.slice(1).every((end, i) => framing.push(bytes.subarray(cut[i], end)))
    framing.end(true)
    // Four bytes that are a small length begin packets, not lines.
    if (isReadable && !bytes.subarray(0, 4).includes(0))
      assert.equal(Buffer.concat(framed).toString(), bytes.toString())
  })
  fc.assert(property, RUNS)
})

it('the receiver reads of the exporter’s lines what the exporter was given', () => {
  const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  const point = fc.record({
    name: word,
    tags: fc.dictionary(word, word, { maxKeys: 3 }),
    kind: fc.constantFrom('counter', 'gauge'),
    value: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  })
  const writer = new LineWriter(testConfig(plugin, {}))
  const property = fc.property(point, ({ name, tags, kind, value }) => {
    const temporality = kind === 'gauge' ? 'unspecified' : 'delta'
    const metric = { name, kind, temporality, unit: '', description: '' } as const
    const points = new PointBlockBuilder()
    points.add(new SeriesTable().intern(metric, sortAttributes(Object.entries(tags))), NOW, value)
    const lines = writer.write(points.build(), 0)
    writer.endBlock()
    assert.ok(Array.isArray(lines))
    const { parse, refused } = parser()
    const block = parse(Buffer.from(lines.join('\n')))
    const last = block.length - 1
    assert.deepEqual([refused, block.value[last] === value], [[], true], lines.join('\n'))
    const { metric: read, attributes } = block.series.at(last)
    assert.equal(read.name.length, name.length)
    assert.equal(
      attributes.length <= Object.keys(tags).length,
      true,
      attributes.map(([, v]) => attributeText(v)).join()
    )
  })
  fc.assert(property, RUNS)
})
