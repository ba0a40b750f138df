import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EventBlockBuilder } from '../../../core/model/event-builder.ts'
import { DEFAULT_LIMITS, measureAll, measureAttributes, measureName } from '../../../core/model/item-limits.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { decodeMetricsJson } from '../../../core/wire/otlp/json-decoder.ts'
import { OtlpMetricsDecoder } from '../../../core/wire/otlp/metrics-decoder.ts'
import { readEvents } from '../../../receivers/http/events.ts'
import { StatsdParser } from '../../../receivers/statsd/parser.ts'
import { PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { toJson, toProtobuf } from '../../fuzz/otlp-proto.ts'

const LIMITS = { max_attributes: 2, max_name_length: 5, max_value_length: 10, max_identity_length: 30 }

it('attributes are measured in characters, with values that are no text as JSON', () => {
  assert.equal(measureAttributes([['ab', 'cdé']], LIMITS), 5)
  assert.equal(measureAttributes([['a', [1, 2]]], LIMITS), 6)
  assert.equal(measureAttributes(Array(3).fill(['a', 'b']), LIMITS), 'too_many_attributes')
  assert.equal(measureAttributes([['a'.repeat(6), 'b']], LIMITS), 'name_too_long')
  assert.equal(measureAttributes([['a', 'b'.repeat(11)]], LIMITS), 'value_too_long')
  assert.equal(measureName('a'.repeat(6), LIMITS), 'name_too_long')
  assert.equal(measureAll(LIMITS, 10, 20), 30)
  assert.equal(measureAll(LIMITS, 10, 21), 'identity_too_long')
  assert.equal(measureAll(LIMITS, 10, 'value_too_long'), 'value_too_long')
})

type Pairs = Record<string, string>
interface Case {
  readonly name?: string
  readonly attributes?: Pairs
  readonly resource?: Pairs
  readonly scope?: Pairs
}
const list = (pairs: Pairs = {}) =>
  Object.entries(pairs).map(([key, value]) => ({ key, value: { stringValue: value } }))
const request = (cases: readonly Case[]) => ({
  resourceMetrics: cases.map(({ name = 'm', attributes, resource, scope }) => {
    const metrics = [{ name, gauge: { dataPoints: [{ attributes: list(attributes), asDouble: 1 }] } }]
    return { resource: { attributes: list(resource) }, scopeMetrics: [{ scope: { attributes: list(scope) }, metrics }] }
  })
})

const THREE = { a: '1', b: '2', c: '3' }
const LONG = { a: 'x'.repeat(10), b: 'y'.repeat(4) }
const CASES: Record<string, Case> = {
  too_many_attributes: { attributes: THREE },
  name_too_long: { name: 'mmmmmm' },
  value_too_long: { attributes: { a: 'x'.repeat(11) } },
  identity_too_long: { attributes: LONG, resource: LONG }
}

describe('regression: items without bound ended the process', () => {
  const small = { attributes: { a: 'b' } }
  const otlp = { ...CASES, 'too many of a resource': { resource: THREE }, 'too many of a scope': { scope: THREE } }
  for (const [name, one] of Object.entries<Case>(otlp))
    it(`OTLP refuses a point alone: ${name}`, () => {
      const body = request([small, one, small])
      const reason = name.startsWith('too many of') ? 'too_many_attributes' : name
      const registry = new SeriesTable()
      const binary = new OtlpMetricsDecoder(registry, { limits: LIMITS }).decode(toProtobuf(body), 1)
      const text = decodeMetricsJson(toJson(body), registry, 1, { limits: LIMITS })
      for (const { block, rejections } of [binary, text])
        assert.deepEqual([block.length, [...rejections.items]], [2, [[reason, 1]]])
    })

  it('OTLP: bytes that can be no identity are not decoded', () => {
    const attributes = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`key ${i}`, 'value']))
    const decoder = new OtlpMetricsDecoder(new SeriesTable())
    for (const one of [{ attributes }, { resource: attributes }, { scope: attributes }]) {
      const body = toProtobuf(request([one, small]))
      const begun = process.cpuUsage()
      const { block, rejections } = decoder.decode(body, 1)
      assert.ok(process.cpuUsage(begun).user < 1_000_000, 'µs of the processor')
      assert.deepEqual([block.length, [...rejections.items]], [1, [['identity_too_long', 1]]])
    }
  })

  for (const [reason, { name = 'm', attributes }] of Object.entries(CASES))
    it(`http refuses an event alone: ${reason}`, () => {
      const long = reason === 'identity_too_long' ? { aaaaa: 'x'.repeat(10), bbbbb: 'y'.repeat(10) } : attributes
      const body = JSON.stringify([{ name, attributes: long }, { name: 'm' }])
      const { block, rejected, errors } = readEvents('json', Buffer.from(body), 1, { limits: LIMITS })
      assert.deepEqual([block.length, [...rejected]], [1, [[reason, 1]]])
      assert.match(errors[0].message, /^an event (with|whose) .*: send less in one$/)
    })

  for (const [line, reason] of [
    ['m:1|c|#a:1,b:2,c:3', 'too_many_attributes'],
    ['mmmmmm:1|c', 'name_too_long'],
    ['m:1|c|#a:xxxxxxxxxxx', 'value_too_long'],
    ['m:1|c|#aaaaa:xxxxxxxxxx,bbbbb:yyyyyyyyyy', 'identity_too_long']
  ])
    it(`statsd refuses a line alone: ${reason}`, () => {
      const refused: string[] = []
      const refuse = (why: string) => void refused.push(why)
      const parser = new StatsdParser(new SeriesTable(), 10, refuse, { limits: LIMITS })
      const points = new PointBlockBuilder()
      parser.parse(Buffer.from(`${line}\nm:1|c`), 1, points, new EventBlockBuilder())
      assert.deepEqual([refused, points.build().length], [[reason], 1])
    })

  it('the defaults take all that OpenTelemetry’s SDKs let through', () => {
    const attributes = Array.from({ length: 128 }, (_, i): [string, string] => [`key.${i}`, 'x'.repeat(200)])
    assert.equal(typeof measureAll(DEFAULT_LIMITS, measureAttributes(attributes, DEFAULT_LIMITS)), 'number')
  })
})
