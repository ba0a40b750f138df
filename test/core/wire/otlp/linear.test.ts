import { test } from 'node:test'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { decodeLogs } from '../../../../core/wire/otlp/logs-decoder.ts'
import { OtlpMetricsDecoder } from '../../../../core/wire/otlp/metrics-decoder.ts'
import { assertLinear } from '../../../growth.ts'
import { attribute, double, fixed64, integer, message, text } from '../protobuf/fields.ts'

const FEW = 10_000

/** A field that nobody knows, and that keeps two others apart. */
const APART = integer(99, 1)
const repeated = (field: Buffer, times: number) =>
  Buffer.concat(Array<Buffer>(times).fill(Buffer.concat([field, APART])))

const metric = (...fields: Buffer[]) => message(1, message(2, message(2, text(1, 'm'), ...fields)))
const sum = (...points: Buffer[]) => metric(message(7, ...points, integer(2, 1), integer(3, 1)))

/** Bodies of so many fields of a message that stand apart from each other. */
const bodies: Record<string, (times: number) => Buffer> = {
  'attributes of a resource': n => message(1, message(1, repeated(attribute(1, 'a', 'b'), n)), message(2)),
  'resources of one message': n => message(1, repeated(message(1, attribute(1, 'a', 'b')), n), message(2)),
  'scopes of one message': n => message(1, message(2, repeated(message(1, text(1, 'a')), n))),
  'schema URLs': n => message(1, repeated(text(3, 'http://a'), n), message(2, repeated(text(3, 'http://b'), n))),
  'names of a metric': n => metric(repeated(text(1, 'n'), n), message(7, integer(2, 1))),
  'descriptions of a metric': n => metric(repeated(text(2, 'n'), n), message(7, integer(2, 1))),
  'metrics without data': n => message(1, message(2, repeated(message(2, text(1, 'n')), n))),
  'data of a metric': n => metric(repeated(message(7, integer(2, 1)), n)),
  points: n => sum(repeated(message(1, double(4, 1)), n)),
  'attributes of a number': n => sum(message(1, repeated(attribute(7, 'a', 'b'), n), double(4, 1))),
  'attributes of a histogram': n => metric(message(9, message(1, repeated(attribute(9, 'a', 'b'), n)), integer(2, 1))),
  'buckets of a histogram': n =>
    metric(message(9, message(1, repeated(fixed64(6, 1n), n + 1), repeated(double(7, 1), n)), integer(2, 1))),
  'attributes of an exponential histogram': n =>
    metric(message(10, message(1, repeated(attribute(1, 'a', 'b'), n)), integer(2, 1))),
  'buckets of an exponential histogram': n =>
    metric(message(10, message(1, message(8, repeated(integer(2, 1), n))), integer(2, 1))),
  'attributes of a summary': n => metric(message(11, message(1, repeated(attribute(7, 'a', 'b'), n)))),
  'quantiles of a summary': n => metric(message(11, message(1, repeated(message(6, double(1, 0.5)), n)))),
  exemplars: n => sum(message(1, repeated(message(5, text(1, 'a')), n), double(4, 1))),
  'values of an attribute': n =>
    sum(message(1, message(7, text(1, 'a'), repeated(message(2, text(1, 'b')), n)), double(4, 1))),
  'a list in an attribute': n =>
    sum(
      message(1, message(7, text(1, 'a'), message(2, message(5, repeated(message(1, text(1, 'b')), n)))), double(4, 1))
    ),
  'a map in an attribute': n =>
    sum(message(1, message(7, text(1, 'a'), message(2, message(6, repeated(attribute(1, 'k', 'v'), n)))), double(4, 1)))
}

for (const [name, body] of Object.entries(bodies))
  test(`decoding takes time in proportion to its bytes: ${name}`, () =>
    assertLinear(name, FEW, body, bytes => void new OtlpMetricsDecoder(new SeriesTable()).decode(bytes, 1)))

const log = (...fields: Buffer[]) => message(1, message(2, message(2, ...fields)))
const logs: Record<string, (times: number) => Buffer> = {
  records: n => message(1, message(2, repeated(message(2, text(3, 'INFO')), n))),
  'scopes with a record each': n => message(1, repeated(message(2, message(1, text(1, 'a')), message(2)), n)),
  'attributes of a record': n => log(repeated(attribute(6, 'a', 'b'), n)),
  'bodies of a record': n => log(repeated(message(5, text(1, 'a')), n)),
  'values of a body': n => log(message(5, repeated(text(1, 'a'), n))),
  'a list in a body': n => log(message(5, message(5, repeated(message(1, text(1, 'b')), n))))
}

for (const [name, body] of Object.entries(logs))
  test(`decoding logs takes time in proportion to their bytes: ${name}`, () =>
    assertLinear(name, FEW, body, bytes => void decodeLogs(bytes, 1)))
