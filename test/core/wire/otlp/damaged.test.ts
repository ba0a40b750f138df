import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer'
import fc from 'fast-check'
import { BadInputError } from '../../../../core/errors.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { decodeMetricsJson } from '../../../../core/wire/otlp/json-decoder.ts'
import { OtlpMetricsDecoder } from '../../../../core/wire/otlp/metrics-decoder.ts'
import { fixed64, message, text } from '../protobuf/fields.ts'
import { sdkMetrics } from './sdk-data.ts'

const protobuf = Buffer.from(ProtobufMetricsSerializer.serializeRequest(sdkMetrics())!)
const json = Buffer.from(JsonMetricsSerializer.serializeRequest(sdkMetrics())!)
const registry = new SeriesTable()
const decoder = new OtlpMetricsDecoder(registry)

/** The points decoded; undefined for input refused in the one way it may be. */
function points(decode: () => ReturnType<typeof decodeMetricsJson>): number | undefined {
  try {
    return decode().block.length
  } catch (error) {
    assert.ok(error instanceof BadInputError, String(error))
    return undefined
  }
}

test('protobuf cut off at every byte is refused', () => {
  for (let length = 1; length < protobuf.length; length++) {
    // In a larger buffer, so that reading on would find something.
    const cut = Buffer.concat([protobuf.subarray(0, length), Buffer.alloc(64, 0x0a)]).subarray(0, length)
    assert.equal(
      points(() => decoder.decode(cut, 0)),
      undefined,
      `${length} bytes`
    )
  }
  assert.equal(
    points(() => decoder.decode(protobuf.subarray(0, 0), 0)),
    0
  )
  assert.equal(
    points(() => decoder.decode(protobuf, 0)),
    8
  )
})

test('JSON cut off at every byte is refused', () => {
  for (let length = 0; length < json.length; length++)
    assert.equal(
      points(() => decodeMetricsJson(json.subarray(0, length), registry, 0)),
      undefined,
      `${length} bytes`
    )
})

const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 })

for (const [name, body, decode] of [
  ['protobuf', protobuf, (bytes: Buffer) => decoder.decode(bytes, 0)],
  ['JSON', json, (bytes: Buffer) => decodeMetricsJson(bytes, registry, 0)]
] as const)
  test(`damaged ${name} is refused or decoded, and the request before it still is`, () => {
    fc.assert(
      fc.property(damage, changes => {
        const bytes = Buffer.from(body)
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        points(() => decode(bytes))
        assert.equal(
          points(() => decode(body)),
          8
        )
      }),
      { numRuns: 2000 }
    )
  })

test('any bytes at all', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => void points(() => decoder.decode(Buffer.from(bytes), 0)))
  )
})

test('JSON of any shape', () => {
  const keys = ['resourceMetrics', 'scopeMetrics', 'metrics', 'sum', 'dataPoints', 'attributes', 'value', 'asInt']
  const { tree } = fc.letrec(tie => ({
    tree: fc.oneof(
      { depthSize: 'medium' },
      fc.constantFrom(null, 1, -1, 'x', '7', true, 1e300, 0.5),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('tree'), { maxKeys: 4 })
    )
  }))
  fc.assert(
    fc.property(tree, value => {
      const request = { resourceMetrics: [{ scopeMetrics: [{ metrics: [value] }] }] }
      for (const body of [value, request])
        points(() => decodeMetricsJson(Buffer.from(JSON.stringify(body)), registry, 0))
    }),
    { numRuns: 1000 }
  )
})

test('attributes nested without end', () => {
  let value = text(1, 'deep')
  for (let depth = 0; depth < 200; depth++) value = message(5, message(1, value))
  const point = message(1, fixed64(6, 1n), message(7, text(1, 'key'), message(2, value)))
  const body = message(1, message(2, message(2, text(1, 'name'), message(5, point))))
  assert.throws(() => decoder.decode(body, 0), /^BadInputError: an attribute is nested deeper than 64 at byte \d+$/)
  const anyValue = `${'{"arrayValue":{"values":['.repeat(70)}{}${']}}'.repeat(70)}`
  const jsonBody = `{"resourceMetrics":[{"resource":{"attributes":[{"key":"k","value":${anyValue}}]}}]}`
  assert.throws(() => decodeMetricsJson(Buffer.from(jsonBody), registry, 0), /deeper than 64 at \$\.res/)
})
