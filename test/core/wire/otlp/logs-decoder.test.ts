import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer'
import { BadInputError } from '../../../../core/errors.ts'
import { DEFAULT_LIMITS } from '../../../../core/model/item-limits.ts'
import { decodeLogs } from '../../../../core/wire/otlp/logs-decoder.ts'
import { decodeLogsJson } from '../../../../core/wire/otlp/logs-json-decoder.ts'
import { attribute, fixed64, integer, message, text } from '../protobuf/fields.ts'
import { sdkLogs } from './sdk-logs.ts'

const NOW = 1_700_000_100_000
const protobuf = Buffer.from(ProtobufLogsSerializer.serializeRequest(sdkLogs())!)
const json = Buffer.from(JsonLogsSerializer.serializeRequest(sdkLogs())!)

const SURROUNDINGS = [
  ['host.name', 'n1'],
  ['otel.scope.name', 'checkout'],
  ['otel.scope.version', '2.0'],
  ['service.name', 'shop']
]

/** A request of one resource and scope with these records. */
const request = (...records: readonly Buffer[]) =>
  message(1, message(2, message(1, text(1, 'till')), ...records.map(record => message(2, record))))
const body = (value: Buffer) => message(5, value)

for (const [name, decode, bytes] of [
  ['protobuf', decodeLogs, protobuf],
  ['JSON', decodeLogsJson, json]
] as const)
  test(`${name}: every field of a log record is an attribute, the time, the name or the id`, () => {
    const { block, rejections } = decode(bytes, NOW)
    assert.deepEqual([...block.time], [1_700_000_000_500, 1_700_000_001_000, 1_700_000_000_500])
    assert.deepEqual(block.name, ['payment.failed', 'cart.emptied', 'log'])
    assert.deepEqual(block.id, ['u-1', undefined, undefined])
    assert.deepEqual([...block.value], [1, 1, 1])
    assert.deepEqual(block.attributes[0], [
      // The record's own body comes before the attribute of that name, its attribute before that of its resource.
      ['body', 'card refused'],
      ['host.name', 'from the record'],
      ['order.id', 7],
      ['otel.scope.name', 'checkout'],
      ['otel.scope.version', '2.0'],
      ['service.name', 'shop'],
      ['severity_number', 17],
      ['severity_text', 'ERROR'],
      ['span_id', 'b7ad6b7169203331'],
      ['trace_flags', '01'],
      ['trace_id', '0af7651916cd43dd8448eb211c80319c']
    ])
    const structured = { items: [1, 'two', { deep: true }], none: null }
    assert.deepEqual(block.attributes[1], [['body', structured], ['event.name', 'cart.emptied'], ...SURROUNDINGS])
    assert.deepEqual(block.attributes[2], [])
    assert.equal(rejections.describe(), '')
  })

test('a record without any time gets the time of receipt', () => {
  assert.deepEqual([...decodeLogs(request(Buffer.alloc(0)), NOW).block.time], [NOW])
  const records = { resourceLogs: [{ scopeLogs: [{ logRecords: [{}] }] }] }
  assert.deepEqual([...decodeLogsJson(Buffer.from(JSON.stringify(records)), NOW).block.time], [NOW])
})

test('fields may come in any order, and those not known do not matter', () => {
  const scope = [message(2, body(text(1, 'late scope'))), message(1, text(1, 'till')), text(9, 'new')]
  const bytes = message(1, message(2, ...scope), message(1, attribute(1, 'service.name', 'shop')), integer(7, 1))
  const { block } = decodeLogs(bytes, NOW)
  assert.deepEqual(block.attributes, [
    [
      ['body', 'late scope'],
      ['otel.scope.name', 'till'],
      ['service.name', 'shop']
    ]
  ])
})

test('a long body is taken, whatever the limits of attributes', () => {
  const long = 'x'.repeat(1_000_000)
  const { block } = decodeLogs(request(body(text(1, long))), NOW)
  assert.equal(block.attributes[0][0][1], long)
})

const limits = { ...DEFAULT_LIMITS, max_attributes: 2, max_value_length: 10, max_name_length: 20 }
const many = Array.from({ length: 3 }, (_, i) => attribute(6, `a${i}`, 'x'))
for (const [name, record, reason] of [
  ['too many attributes', Buffer.concat(many), 'too_many_attributes'],
  ['a long value', attribute(6, 'a', 'x'.repeat(11)), 'value_too_long'],
  ['a long severity', text(3, 'x'.repeat(11)), 'value_too_long'],
  ['a long name', text(12, 'e'.repeat(21)), 'name_too_long'],
  ['an attribute of many bytes', attribute(6, 'a', 'x'.repeat(300_000)), 'value_too_long'],
  ['a list as body, of many bytes', body(message(5, Buffer.concat(Array(150_000).fill(message(1))))), 'value_too_long']
] as const)
  test(`${name}: refused by itself, under ${reason}`, () => {
    const { block, rejections } = decodeLogs(request(record, body(text(1, 'good'))), NOW, { limits })
    assert.deepEqual(rejections.items, new Map([[reason, 1]]))
    assert.match(rejections.describe(), /^1 log record .*, first in scope "till"$/)
    assert.deepEqual(
      block.attributes.map(([[, value]]) => value),
      ['good']
    )
  })

test('a resource that is too large refuses its records, and no others', () => {
  const large = message(1, message(1, attribute(1, 'a', 'x'.repeat(300_000))), message(2, message(2), message(2)))
  const { block, rejections } = decodeLogs(Buffer.concat([large, request(Buffer.alloc(0))]), NOW)
  assert.deepEqual([block.length, rejections.items.get('identity_too_long')], [1, 2])
})

test('regression: two bytes of a log record were hundreds in memory', () => {
  // A million records of two bytes each, with a resource that each of their events has.
  const resource = message(1, ...Array.from({ length: 100 }, (_, i) => attribute(1, `key${i}`, 'v')))
  const records = Buffer.concat(Array(1_000_000).fill(message(2)))
  assert.throws(
    () => decodeLogs(message(1, resource, message(2, records)), NOW, { maxBytes: 64 * 2 ** 20 }),
    (error: unknown) => BadInputError.is(error) && error.reason === 'too_large'
  )
})

test('cut off at every byte, it is bad input or something shorter, never anything else', () => {
  let refused = 0
  for (let end = 0; end < protobuf.length; end++)
    try {
      assert.ok(decodeLogs(protobuf.subarray(0, end), NOW).block.length < 3)
    } catch (error) {
      assert.ok(BadInputError.is(error), String(error))
      refused++
    }
  assert.ok(refused > protobuf.length - 5, `${refused} of ${protobuf.length}`)
})

test('bytes that are not UTF-8 are replaced and counted', () => {
  const bad = Buffer.from([0x0a, 2, 0xff, 0x41])
  const { block, replacedTexts } = decodeLogs(request(body(bad)), NOW)
  assert.deepEqual([block.attributes[0][0][1], replacedTexts], ['\ufffdA', 1])
})

test('the time of the record comes before the observed one', () => {
  const record = Buffer.concat([fixed64(1, 5_000_000n), fixed64(11, 9_000_000n)])
  assert.deepEqual([...decodeLogs(request(record), NOW).block.time], [5])
})

for (const [odd, message] of [
  [{ resourceLogs: 1 }, /^JSON: \$\.resourceLogs must be a list/],
  [
    { resourceLogs: [{ scopeLogs: [{ logRecords: [{ severityNumber: 'ERROR' }] }] }] },
    /severityNumber must be an integer/
  ]
] as const)
  test(`JSON: ${JSON.stringify(odd)} is told with its path`, () => {
    assert.throws(() => decodeLogsJson(Buffer.from(JSON.stringify(odd)), NOW), { message })
  })
