import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { BadInputError } from '../../core/errors.ts'
import type { ExposedFamily, ExposedSeries, ExpositionWriter } from '../../core/wire/exposition/family.ts'
import { ProtobufExpositionWriter } from '../../core/wire/exposition/protobuf-writer.ts'
import { parseSeries } from '../../core/wire/exposition/series-text.ts'
import { OpenMetricsWriter, TextWriter } from '../../core/wire/exposition/text-writer.ts'
import { collected } from '../core/wire/exposition/collected.ts'
import { SECONDS } from './run.ts'

const TIMES = { numRuns: 1_000_000_000, interruptAfterTimeLimit: SECONDS * 70 }

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom('"', '\\', '\n', '}', '# ', '\\n'))
const series: fc.Arbitrary<ExposedSeries> = fc.record({
  labels: fc
    .dictionary(
      fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/),
      text.filter(value => value.isWellFormed()),
      { maxKeys: 4, noNullPrototype: true }
    )
    .map(labels => Object.entries(labels)),
  value: fc.double(),
  start: fc.constant(0),
  distribution: fc.constant(undefined)
})
const family: fc.Arbitrary<readonly [ExposedFamily, readonly ExposedSeries[]]> = fc.tuple(
  fc.record({
    name: fc.stringMatching(/^[a-z_:][a-z0-9_:]{0,8}$/),
    type: fc.constantFrom('gauge' as const, 'counter' as const),
    help: text.filter(help => help.isWellFormed()),
    unit: fc.constant('')
  }),
  fc.array(series, { minLength: 1, maxLength: 4 })
)
const families = fc.array(family, { maxLength: 4 })
const WRITERS = [TextWriter, OpenMetricsWriter, ProtobufExpositionWriter]

function exposed(
  Writer: (typeof WRITERS)[number],
  list: readonly (readonly [ExposedFamily, readonly ExposedSeries[]])[]
) {
  const writer: ExpositionWriter = new Writer()
  const parts = list.flatMap(([family, own]) => Array.from(writer.write(family, own), part => Buffer.from(part)))
  return { body: Buffer.concat([...parts, Buffer.from(writer.end)]), contentType: writer.contentType }
}

it('what is exposed is parsed again, in every format', () => {
  const property = fc.property(families, list => {
    const want = list.flatMap(([{ name }, own]) =>
      own.map(({ labels, value }) => [[['__name__', name], ...labels], value])
    )
    for (const Writer of WRITERS) {
      const { body, contentType } = exposed(Writer, list)
      const { samples } = collected(body, contentType)
      assert.deepEqual(
        samples.map(([text, value]) => [parseSeries(text), value]),
        want
      )
    }
  })
  fc.assert(property, TIMES)
})

it('bytes that were changed are parsed or refused, and nothing else', () => {
  const change = fc.record({ at: fc.nat(), to: fc.oneof(fc.nat(255), fc.constantFrom(10, 32, 34, 35, 92, 123, 125)) })
  const property = fc.property(families, fc.array(change, { minLength: 1, maxLength: 5 }), (list, changes) => {
    for (const Writer of WRITERS) {
      const { body, contentType } = exposed(Writer, list)
      for (const { at, to } of changes) if (body.length > 0) body[at % body.length] = to
      try {
        for (const [series] of collected(body, contentType).samples) parseSeries(series)
      } catch (error) {
        if (!BadInputError.is(error)) throw error
      }
    }
  })
  fc.assert(property, TIMES)
})
