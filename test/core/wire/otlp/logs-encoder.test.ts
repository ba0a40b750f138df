import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer'
import { EventBlockBuilder } from '../../../../core/model/event-builder.ts'
import { decodeLogs } from '../../../../core/wire/otlp/logs-decoder.ts'
import { LogsEncoder } from '../../../../core/wire/otlp/logs-encoder.ts'
import { ProtobufReader } from '../../../../core/wire/protobuf/reader.ts'
import { ProtobufWriter } from '../../../../core/wire/protobuf/writer.ts'
import { sdkLogs } from './sdk-logs.ts'

const encoder = new LogsEncoder(new ProtobufWriter())

test("the SDK's log records are the same after another hop", () => {
  const { block } = decodeLogs(Buffer.from(ProtobufLogsSerializer.serializeRequest(sdkLogs())!), 1)
  assert.equal(block.length, 3)
  assert.deepEqual(decodeLogs(Buffer.from(encoder.encode(block)), 1).block, block)
})

test('fields of a record are fields again, and the service is the resource', () => {
  const { block } = decodeLogs(Buffer.from(ProtobufLogsSerializer.serializeRequest(sdkLogs().slice(0, 1))!), 1)
  const reader = new ProtobufReader(Buffer.from(encoder.encode(block)))
  // Numbers of fields, from the request down.
  const fields = (depth: number): unknown[] => {
    const seen: unknown[] = []
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      const field = tag >>> 3
      if (depth === 0) {
        seen.push(field)
        reader.skip(tag)
        continue
      }
      const outer = reader.enter()
      seen.push([field, fields(depth - 1)])
      reader.leave(outer)
    }
    return seen
  }
  // ResourceLogs 1: resource 1 with one attribute, scope_logs 2: scope 1 (name, version), one log record 2 with time, name,
  // body, three attributes, severity number and text, span, flags and trace.
  assert.deepEqual(fields(2), [
    [
      1,
      [
        [1, [1]],
        [2, [1, 2]]
      ]
    ]
  ])
})

test('an event of another receiver: its value and id come back, odd texts are no trace ids', () => {
  const builder = new EventBlockBuilder()
  const odd = [
    ['severity_number', 'high'],
    ['span_id', 'span'],
    ['trace_id', 'none']
  ] as const
  builder.add(1_700_000_000_000, 'signup', [['plan', 'pro']], 'e-1', 2.5)
  builder.add(1_700_000_000_000, 'log', odd, undefined, 1)
  const { block } = decodeLogs(Buffer.from(encoder.encode(builder.build())), 1)
  assert.deepEqual(block.name, ['signup', 'log'])
  assert.deepEqual(block.id, ['e-1', undefined])
  assert.deepEqual([...block.value], [2.5, 1])
  assert.deepEqual(block.attributes, [[['plan', 'pro']], odd])
})

test('regression: an attribute with the name of a method of objects failed the whole block', () => {
  const builder = new EventBlockBuilder()
  builder.add(
    1,
    'log',
    [
      ['constructor', 'x'],
      ['toString', 'y']
    ],
    undefined,
    1
  )
  const block = builder.build()
  assert.deepEqual(decodeLogs(Buffer.from(encoder.encode(block)), 1).block, block)
})
