import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BadInputError } from '../../../../core/errors.ts'
import { parseSeries, seriesText } from '../../../../core/wire/exposition/series-text.ts'
import { collected } from './collected.ts'
import { encodeFamilies } from './metric-family.ts'

const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
const PROTOBUF = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
const NONE = Number.NaN

describe('text 0.0.4', () => {
  for (const [line, want] of [
    ['a 1', ['a', 1, NONE]],
    ['  a\t1  ', ['a', 1, NONE]],
    ['a{b="c"} 1.5e3 1395066363000', ['a{b="c"}', 1500, 1395066363000]],
    ['a {b="c"} 1', ['a {b="c"}', 1, NONE]],
    ['a{b="}",c="\\"} 2"} 3', ['a{b="}",c="\\"} 2"}', 3, NONE]],
    ['a{b="\\\\"} 3', ['a{b="\\\\"}', 3, NONE]],
    ['a{} 3', ['a{}', 3, NONE]],
    ['a{b="c",} 3', ['a{b="c",}', 3, NONE]],
    ['{"a.b",c="d"} 3', ['{"a.b",c="d"}', 3, NONE]],
    ['a NaN', ['a', NONE, NONE]],
    ['a +Inf', ['a', Number.POSITIVE_INFINITY, NONE]],
    ['a -Inf -5', ['a', Number.NEGATIVE_INFINITY, -5]],
    ['a .5', ['a', 0.5, NONE]],
    ['a -0', ['a', -0, NONE]],
    ['a 1\r', ['a', 1, NONE]]
  ] as const)
    it(JSON.stringify(line), () => assert.deepEqual(collected(line).samples, [want]))

  it('comments, blank lines and a missing end of line are nothing', () => {
    assert.deepEqual(collected('\n# EOF\n# a comment\n#\n   \na 1').samples, [['a', 1, NONE]])
  })

  it('types and helps are told', () => {
    const text = '# TYPE a counter\n#  HELP  a   some help  text \n# TYPE "a.b" gauge\n# UNIT a seconds\n# TYPE\n'
    assert.deepEqual(collected(text).described, [
      ['a', 'counter', ''],
      ['a', '', 'some help  text '],
      ['a.b', 'gauge', '']
    ])
  })

  for (const line of [
    'a',
    'a ',
    'a b',
    'a 1 2 3',
    'a 1 # {} 1',
    'a 0x10',
    'a 1_000',
    'a 1e',
    '{b="c" 1',
    'a{b="c} 1',
    '1 ',
    'a 1 NaN',
    'a 1 b'
  ])
    it(`${JSON.stringify(line)} is refused, with the number of its line`, () => {
      assert.throws(() => collected(`b 1\n${line}\n`), { name: 'BadInputError', message: /^line 2 is no sample: "/ })
    })

  it('bytes that are not UTF-8 are refused', () => {
    assert.throws(() => collected(Buffer.from([0x61, 0xff, 0x20, 0x31])), { message: 'the exposition is not UTF-8' })
  })
})

describe('OpenMetrics', () => {
  it('has seconds, exemplars and an end', () => {
    const text = 'a_total{b="c"} 1 1395066363.5 # {trace_id="x"} 0.5 1395066363\nb 2 # {} 1\n# EOF\nafter 1\n'
    assert.deepEqual(collected(text, OPEN_METRICS).samples, [
      ['a_total{b="c"}', 1, 1395066363500],
      ['b', 2, NONE]
    ])
  })

  it('without its end is cut off', () => {
    assert.throws(() => collected('a 1\n', OPEN_METRICS), { message: /cut off: it has no "# EOF"/ })
  })
})

describe('labels of a series', () => {
  for (const [text, want] of [
    ['a', [['__name__', 'a']]],
    [
      'a:b{ c = "d" , _e="ü" , }',
      [
        ['__name__', 'a:b'],
        ['c', 'd'],
        ['_e', 'ü']
      ]
    ],
    [
      'a{b="\\"\\\\\\n\\x"}',
      [
        ['__name__', 'a'],
        ['b', '"\\\n\\x']
      ]
    ],
    [
      '{"a.b","c.d"="e"}',
      [
        ['__name__', 'a.b'],
        ['c.d', 'e']
      ]
    ],
    ['{"a\\"b"}', [['__name__', 'a"b']]]
  ] as const)
    it(text, () => assert.deepEqual(parseSeries(text), want))

  for (const text of [
    'a{b}',
    'a{b=}',
    'a{b=c}',
    'a{=""}',
    'a{b="c"',
    'a{b="c" d="e"}',
    'a{1b="c"}',
    '1a',
    'a{,}',
    'a}',
    'a{}b'
  ])
    it(`${text} is refused`, () => assert.throws(() => parseSeries(text), BadInputError))

  it('come back from text', () => {
    for (const [name, labels] of [
      ['a', []],
      ['a', [['b', 'c"\\\n']]],
      ['a b', [['c d', '']]]
    ] as [string, [string, string][]][])
      assert.deepEqual(parseSeries(seriesText(name, labels)), [['__name__', name], ...labels])
  })
})

describe('protobuf', () => {
  const label = [{ name: 'b', value: 'c' }]
  const families = (...list: object[]) => collected(encodeFamilies(list), PROTOBUF)

  it('has the samples that text would have', () => {
    const { samples, described } = families(
      { name: 'a', help: 'h', type: 0, metric: [{ label, counter: { value: 1 }, timestampMs: 5 }] },
      { name: 'g', type: 1, metric: [{ gauge: { value: -2 } }] },
      { name: 'u', type: 3, metric: [{ untyped: { value: 3 } }] },
      {
        name: 's',
        type: 2,
        metric: [{ label, summary: { sampleCount: 4, sampleSum: 5, quantile: [{ quantile: 1, value: 6 }] } }]
      },
      {
        name: 'h',
        type: 4,
        metric: [{ histogram: { sampleCount: 7, sampleSum: 8, bucket: [{ cumulativeCount: 3, upperBound: 1 }] } }]
      }
    )
    assert.deepEqual(samples, [
      ['a{b="c"}', 1, 5],
      ['g', -2, NONE],
      ['u', 3, NONE],
      ['s{b="c",quantile="1.0"}', 6, NONE],
      ['s_sum{b="c"}', 5, NONE],
      ['s_count{b="c"}', 4, NONE],
      ['h_bucket{le="1.0"}', 3, NONE],
      ['h_bucket{le="+Inf"}', 7, NONE],
      ['h_sum', 8, NONE],
      ['h_count', 7, NONE]
    ])
    assert.deepEqual(
      described.map(([, type]) => type),
      ['counter', 'gauge', 'untyped', 'summary', 'histogram']
    )
  })

  it('has native histograms', () => {
    const histogram = {
      sampleCount: 6,
      sampleSum: 9,
      schema: 2,
      zeroThreshold: 0.5,
      zeroCount: 1,
      positiveSpan: [{ offset: 1, length: 2 }],
      positiveDelta: [2, 1],
      createdTimestamp: { seconds: 10, nanos: 500_000_000 },
      // Left out: the same observations.
      bucket: [{ cumulativeCount: 6, upperBound: 1 }]
    }
    const { samples, histograms } = families({ name: 'h', type: 4, metric: [{ label, histogram }] })
    assert.deepEqual(samples, [])
    const [[series, distribution, start]] = histograms
    assert.deepEqual([series, start], ['h{b="c"}', 10_500])
    assert.deepEqual(distribution, {
      kind: 'exponential_histogram',
      count: 6,
      sum: 9,
      min: NONE,
      max: NONE,
      scale: 2,
      zeroCount: 1,
      zeroThreshold: 0.5,
      positive: { offset: 0, counts: [2, 3] },
      negative: { offset: -1, counts: [] }
    })
  })

  it('that is cut off is refused at every byte', () => {
    const body = encodeFamilies([{ name: 'a', type: 0, metric: [{ label, counter: { value: 1 } }] }])
    for (let end = 1; end < body.length; end++)
      assert.throws(() => collected(body.subarray(0, end), PROTOBUF), BadInputError)
  })
})
