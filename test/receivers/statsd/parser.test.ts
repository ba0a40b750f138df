import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EventBlockBuilder } from '../../../core/model/event-builder.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { StatsdParser } from '../../../receivers/statsd/parser.ts'
import type { ParserOptions } from '../../../receivers/statsd/parser-options.ts'
import { TAG_FORMATS, type TagFormat, TaggedNames } from '../../../receivers/statsd/tag-formats.ts'
import { attributeText, type PointBlock, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { assertLinear } from '../../growth.ts'

const NOW = 1_700_000_000_000

function parser(maxSeries = 100, formats: readonly TagFormat[] = [], options: Partial<ParserOptions> = {}) {
  const refused: string[] = []
  const unread: string[] = []
  const names = new TaggedNames(formats, (format, name) => unread.push(`${format} ${name}`))
  const refuse = (reason: string, line: string) => refused.push(`${reason} ${line}`)
  const made = new StatsdParser(new SeriesTable(), maxSeries, refuse, { names, ...options })
  const parse = (text: string): PointBlock => {
    const points = new PointBlockBuilder()
    made.parse(Buffer.from(text), NOW, points, new EventBlockBuilder())
    return points.build()
  }
  return { parse, refused, unread, told: (text: string) => described(parse(text)) }
}

/** `name{tags} kind value` for each point. */
function described({ series, value, time, distributions }: PointBlock): string[] {
  return [...series].map(({ metric, attributes }, i) => {
    const tags = attributes.map(([key, text]) => `${key}=${attributeText(text)}`).join()
    const kind = `${metric.kind}${metric.unit && `:${metric.unit}`}`
    const distribution = distributions.get(i)
    const what =
      distribution?.kind === 'histogram'
        ? `${distribution.count}x${distribution.min}`
        : distribution?.kind === 'set'
          ? distribution.members.join()
          : value[i]
    return `${metric.name}{${tags}} ${kind} ${what}${time[i] === NOW ? '' : ` @${time[i]}`}`
  })
}

test('understands StatsD and DogStatsD', () => {
  const cases: [string, string[]][] = [
    ['page.views:1|c', ['page.views{} counter 1']],
    ['page.views:1|c|@0.1', ['page.views{} counter 10']],
    ['page.views:-2|c', ['page.views{} counter -2']],
    ['fuel:0.5|g', ['fuel{} gauge 0.5']],
    ['fuel:0.5|g|@0.1', ['fuel{} gauge 0.5']],
    ['query:320|ms', ['query{} histogram:ms 1x320']],
    ['query:320|ms|@0.25', ['query{} histogram:ms 4x320']],
    ['size:-3|h', ['size{} histogram 1x-3']],
    ['size:3|d', ['size{} histogram 1x3']],
    ['users:a:b|s', ['users{} set a:b']],
    ['users:жук|s', ['users{} set жук']],
    [
      'latency:1:2.5:3|ms|#a:b',
      ['latency{a=b} histogram:ms 1x1', 'latency{a=b} histogram:ms 1x2.5', 'latency{a=b} histogram:ms 1x3']
    ],
    ['c:1|c|#b:2,a:x:y,bare,,:z', ['c{a=x:y,b=2,bare=true} counter 1']],
    ['c:1|c|#ключ:значение', ['c{ключ=значение} counter 1']],
    ['c:1|c|c:ci-abc', ['c{container.id=abc} counter 1']],
    ['c:1|c|c:abc|#a:b', ['c{a=b,container.id=abc} counter 1']],
    ['c:1|c|c:in-42|e:x|card:low|future', ['c{} counter 1']],
    ['c:1|c|T1656581400', ['c{} counter 1 @1656581400000']],
    ['c:1|c|@0.5|T1656581400|#a:b', ['c{a=b} counter 2 @1656581400000']],
    ['c:1|c|#T:1', ['c{T=1} counter 1']],
    ['a:1|c\nb:2|c\r\n\n', ['a{} counter 1', 'b{} counter 2']],
    ['c:1e3|c', ['c{} counter 1000']],
    ['c:+.5|c', ['c{} counter 0.5']],
    ['c:5.|c', ['c{} counter 5']],
    ['c:1234567890.12345678|c', ['c{} counter 1234567890.1234567']],
    ['имя:1|c', ['имя{} counter 1']],
    ['', []]
  ]
  for (const [text, want] of cases) assert.deepEqual(parser().told(text), want, text)
})

test('refuses malformed lines, and takes the lines around them', () => {
  const cases: [string, string][] = [
    [':1|c', 'missing_name'],
    ['hello', 'missing_value'],
    ['c:1', 'missing_type'],
    ['c:1|x', 'unknown_type'],
    ['c:1|', 'unknown_type'],
    ['c:1|toString', 'unknown_type'],
    ['c:|c', 'missing_value'],
    ['c:one|c', 'invalid_value'],
    ['c:0x10|c', 'invalid_value'],
    ['c: 1|c', 'invalid_value'],
    ['c:1.2.3|c', 'invalid_value'],
    ['c:NaN|g', 'invalid_value'],
    ['c:Infinity|g', 'invalid_value'],
    ['c:1e999|g', 'invalid_value'],
    ['c:-|g', 'invalid_value'],
    ['t:-1|ms', 'invalid_value'],
    ['s:|s', 'missing_value'],
    ['c:1|c|@0', 'invalid_rate'],
    ['c:1|c|@2', 'invalid_rate'],
    ['c:1|c|@x', 'invalid_rate'],
    ['c:1|c|@', 'invalid_rate'],
    ['c:1|c|T', 'invalid_timestamp'],
    ['c:1|c|Tomorrow', 'invalid_timestamp'],
    // Regression: a time of Infinity hung the remote write encoder, and with it the process.
    ['c:1|g|T1e306', 'invalid_timestamp'],
    ['c:1|g|T-1', 'invalid_timestamp'],
    ['c:1e300|c|@1e-300', 'invalid_value'],
    ['t:1e300|h|@1e-300', 'invalid_value'],
    ['c:1|c|@1e-320', 'invalid_rate'],
    [`${'n'.repeat(9000)}:1|c`, 'too_long']
  ]
  for (const [line, reason] of cases) {
    const { told, refused } = parser()
    assert.deepEqual(told(`before:1|c\n${line}\nafter:1|c`), ['before{} counter 1', 'after{} counter 1'], line)
    assert.deepEqual(refused, [`${reason} ${line}`])
  }
})

test('a bad value of a packed line leaves the others', () => {
  const { told, refused } = parser()
  assert.deepEqual(told('c:1:x:3|c'), ['c{} counter 1', 'c{} counter 3'])
  assert.equal(refused.length, 1)
  assert.deepEqual(told('c:1:|c'), ['c{} counter 1'])
  assert.equal(refused.length, 2)
})

test('a signed gauge moves from where it was, whatever the order of tags', () => {
  const { told } = parser()
  assert.deepEqual(
    told('g:-5|g\ng:+2|g\ng:10|g\ng:-1|g\ng:-1|g|@0.5'),
    [-5, -3, 10, 9, 8].map(value => `g{} gauge ${value}`)
  )
  assert.deepEqual(told('g:7|g|#a:1,b:2\ng:+1|g|#b:2,a:1'), ['g{a=1,b=2} gauge 7', 'g{a=1,b=2} gauge 8'])
})

test('lines of one identity share a series, those of two do not', () => {
  const { parse } = parser()
  const { series } = parse('a:1|c|#x:1,y:2\na:2|c|#y:2,x:1|@0.1\na:3|c|T1|#x:1,y:2\na:1|ms|#x:1,y:2\na:1|c|#x:1')
  assert.equal(series.at(0), series.at(1))
  assert.equal(series.at(0), series.at(2))
  assert.equal(new Set(series).size, 3)
})

test('forgets the series seen least recently, and understands them anew', () => {
  const { told, parse } = parser(4)
  assert.deepEqual(told('kept:5|g'), ['kept{} gauge 5'])
  for (let i = 0; i < 100; i++) parse(`other${i}:1|c\nkept:+1|g`)
  assert.deepEqual(told('kept:+0|g\nother1:1|c'), ['kept{} gauge 105', 'other1{} counter 1'])
})

test('every line becomes points or a refusal, whatever it is', () => {
  const piece = fc.oneof(
    fc.constantFrom('a', ':', '|', 'c', 'ms', 's', 'g', '#', '@', 'T', '1', '-', '.', ',', '_e{', '\r'),
    fc.string()
  )
  const line = fc.array(piece, { maxLength: 12 }).map(pieces => pieces.join('').replaceAll('\n', ''))
  const { parse, refused } = parser()
  fc.assert(
    fc.property(line, text => {
      const before = refused.length
      const { length, value, time } = parse(text)
      if (text.replace(/\r$/, '') !== '') assert.ok(length + refused.length > before)
      for (let i = 0; i < length; i++) assert.ok(Number.isFinite(value[i]) && Number.isFinite(time[i]))
    }),
    { numRuns: 2000 }
  )
})

test('a line that is remembered becomes what it became when it was new, whatever it is', () => {
  const piece = fc.constantFrom(
    'a',
    'a',
    ':',
    ':1',
    ':-2',
    ':0.5',
    '|',
    '|c',
    '|g',
    '|ms',
    '|s',
    '|@0.5',
    '|#t:1',
    '|T5',
    'T',
    '\r',
    '\n'
  )
  const datagram = fc.array(piece, { maxLength: 24 }).map(pieces => pieces.join(''))
  const remembering = parser(20)
  fc.assert(
    fc.property(datagram, text => {
      // Signed gauges depend on what was before.
      const sent = text.replaceAll('-', '')
      const one = parser()
      const want = one.told(sent)
      for (let i = 0; i < 2; i++) {
        remembering.refused.length = 0
        assert.deepEqual(remembering.told(sent), want)
        assert.deepEqual(remembering.refused, one.refused)
      }
    }),
    { numRuns: 1000 }
  )
})

test('lines that find no room in the middle of a datagram keep the series of those behind them', () => {
  const { told } = parser(3)
  const lines = (from: number) => Array.from({ length: 6 }, (_, i) => `n${(from + i) % 7}:${i}|c|#t:${(from + i) % 7}`)
  for (let from = 0; from < 50; from++)
    assert.deepEqual(
      told(lines(from).join('\n')),
      lines(from).map((_, i) => `n${(from + i) % 7}{t=${(from + i) % 7}} counter ${i}`)
    )
})

test('regression: lines of several bits were refused whole', () => {
  const cases: [string, string[]][] = [
    ['a:1|c:2|c:3|c', ['a{} counter 1', 'a{} counter 2', 'a{} counter 3']],
    ['n:1|ms:2|ms|@0.5:4|ms', ['n{} histogram:ms 1x1', 'n{} histogram:ms 2x2', 'n{} histogram:ms 1x4']],
    ['n:1|c|@0.5:2|g', ['n{} counter 2', 'n{} gauge 2']],
    ['n:1:2|c:3|g|#a:b', ['n{} counter 1', 'n{} counter 2', 'n{a=b} gauge 3']],
    ['n:1|c|@0.5|#a:b:c', ['n{a=b:c} counter 2']]
  ]
  for (const [text, want] of cases) assert.deepEqual(parser().told(text), want, text)
})

test('a bit that is none does not take the others with it', () => {
  const { told, refused } = parser()
  assert.deepEqual(told('n:1|c:x|c:2|y:|g:5|g'), ['n{} counter 1', 'n{} gauge 5'])
  assert.deepEqual(refused, ['invalid_value n:x|c', 'unknown_type n:2|y', 'missing_value n:|g'])
})

const TAGGED: Readonly<Record<TagFormat, string>> = {
  influx: 'hits,host=a,zone=eu=1,bare:1|c|#k:v',
  librato: 'hits#host=a,zone=eu=1,bare:1|c|#k:v',
  signalfx: 'hi[host=a,zone=eu=1,bare]ts:1|c|#k:v',
  graphite: 'hits;host=a;zone=eu=1;bare:1|c|#k:v'
}

for (const format of TAG_FORMATS)
  test(`tags in names are read as ${format} has them if asked for, and else told of`, () => {
    const asked = parser(100, [format])
    assert.deepEqual(asked.told(TAGGED[format]), ['hits{bare=true,host=a,k=v,zone=eu=1} counter 1'])
    const { told, unread } = parser()
    const name = TAGGED[format].split(':')[0]
    assert.deepEqual(told(TAGGED[format]), [`${name}{k=v} counter 1`])
    assert.deepEqual(unread, [`${format} ${name}`])
  })

test('names that only look a little like it hold no tags', () => {
  for (const name of ['a,b', 'a#b', 'a[b]', 'a;b', ',a=b', '[a=b]', 'a=b', 'a[=b]']) {
    const { told, unread } = parser(100, TAG_FORMATS)
    assert.deepEqual([told(`${name}:1|c`), unread], [[`${name}{} counter 1`], []])
  }
})

test('regression: the # before further tags became part of their names', () => {
  assert.deepEqual(parser().told('c:1|c|#tag1:a,#tag2:b'), ['c{tag1=a,tag2=b} counter 1'])
})

test('time is linear in the length of a line of many bits', () => {
  const line = (bits: number) => `n${':1|c'.repeat(bits)}`
  assertLinear('bits', 4000, line, text => assert.equal(parser().parse(text).length, (text.length - 1) / 4))
})

test('the origin of a line is as detailed as its cardinality', () => {
  const origin = 'c:ci-abc|e:it-false,cn-web,pu-7f'
  const all = 'container.id=abc,k8s.container.name=web,k8s.pod.uid=7f'
  const cases: [string, string][] = [
    [origin, all],
    [`${origin}|card:high`, all],
    [`card:orchestrator|${origin}`, 'k8s.container.name=web,k8s.pod.uid=7f'],
    [`${origin}|card:low`, 'k8s.container.name=web'],
    [`${origin}|card:none`, ''],
    [`${origin}|card:other`, all],
    ['e:pu-,cn-,xx-1', '']
  ]
  for (const [sections, want] of cases)
    assert.deepEqual(parser().told(`c:1|c|${sections}`), [`c{${want}} counter 1`], sections)
})

test('regression: the origin of a refused line was read as another bit of it', () => {
  const { told, refused } = parser()
  assert.deepEqual(told('c:1|c|@2|e:cn-web\nc:1|c|@2|card:low'), [])
  assert.deepEqual(refused, ['invalid_rate c:1|c|@2|e:cn-web', 'invalid_rate c:1|c|@2|card:low'])
})

test('options decide where implementations differ', () => {
  const absolute = parser(100, [], { hasAbsoluteGauges: true })
  assert.deepEqual(absolute.told('g:5|g\ng:-2|g\ng:+1|g'), ['g{} gauge 5', 'g{} gauge -2', 'g{} gauge 1'])
  assert.deepEqual(parser(100, [], { takesNegativeTimers: true }).told('t:-2|ms'), ['t{} histogram:ms 1x-2'])
  const deaf = parser(100, [], { dropsClientTelemetry: true })
  assert.deepEqual(deaf.told('datadog.dogstatsd.client.metrics:1|c\ndatadog.dogstatsd:1|c'), [
    'datadog.dogstatsd{} counter 1'
  ])
  assert.deepEqual(deaf.refused, ['client_telemetry datadog.dogstatsd.client.metrics:1|c'])
})
