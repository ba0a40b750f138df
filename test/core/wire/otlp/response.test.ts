import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer'
import { encodeExportResponse, encodeStatus } from '../../../../core/wire/otlp/response.ts'
import { ProtobufReader } from '../../../../core/wire/protobuf/reader.ts'
import { RPC_CODE } from '../../../../core/wire/rpc-code.ts'

const serializers = [
  ['protobuf', ProtobufMetricsSerializer],
  ['json', JsonMetricsSerializer]
] as const

for (const [format, serializer] of serializers)
  test(`${format}: OpenTelemetry reads the responses`, () => {
    const read = (response: Uint8Array) => serializer.deserializeResponse(response)
    assert.equal(read(encodeExportResponse('metrics', format)).partialSuccess ?? undefined, undefined)
    for (const [rejected, message] of [
      [3, 'three are bad'],
      [0, 'a warning'],
      [70_000, 'ü'.repeat(200)]
    ] as const) {
      const { partialSuccess } = read(encodeExportResponse('metrics', format, { rejected, message }))
      assert.equal(Number(partialSuccess?.rejectedDataPoints ?? 0), rejected)
      assert.equal(partialSuccess?.errorMessage, message)
    }
  })

test('a status', () => {
  const reader = new ProtobufReader(Buffer.from(encodeStatus('protobuf', RPC_CODE.unavailable, 'später')))
  assert.deepEqual([reader.tag(), reader.varint(), reader.tag(), reader.text()], [8, 14, 18, 'später'])
  const json = Buffer.from(encodeStatus('json', RPC_CODE.invalidArgument, 'why')).toString()
  assert.deepEqual(JSON.parse(json), { code: 3, message: 'why' })
})
