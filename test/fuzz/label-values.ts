import type { Attributes, AttributeValue } from '../../core/model/attributes.ts'
import { type Metric, NO_RESOURCE, type Resource } from '../../core/model/series.ts'
import { AttributeSplice } from '../../core/model/series-table/attribute-splice.ts'

export const NAMES = [
  'a',
  'a.b',
  'a_b',
  'b',
  'é',
  '日本',
  'job',
  'window.size',
  '__name__',
  'host',
  '1',
  '_x',
  'weir.tenant',
  '😀',
  ''
]
export const VALUES: readonly AttributeValue[] = [
  '',
  'x',
  'y',
  'é€',
  'z'.repeat(127),
  'z'.repeat(128),
  'long '.repeat(4000),
  '5',
  0,
  -0,
  5,
  9,
  10,
  127,
  128,
  -3,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
  2 ** 53,
  2n ** 63n - 1n,
  1.5,
  Number.NaN,
  true,
  null,
  [1, 'a'],
  { k: 'v' },
  new Uint8Array([1, 2, 3])
]
export const ADDED: readonly Attributes[] = [
  [],
  [['window', '10s']],
  [['window', -10]],
  [['window', 60]],
  [['job', 'window']],
  [
    ['window.size', '10s'],
    ['window_size', '']
  ],
  [['日本', '10s']]
]
export const SPLICES = ADDED.map(
  added => new AttributeSplice(added, ['window', 'window.size', 'window_size', 'job', '日本'])
)

const number = (name: string, kind: Metric['kind']): Metric => ({
  name,
  unit: '',
  description: '',
  kind,
  temporality: kind === 'gauge' ? 'unspecified' : 'cumulative'
})
// Gauges and sums of one name have the same labels, and those of the summary's count have those of a gauge.
export const METRICS = [
  number('n', 'gauge'),
  number('n', 'up_down_counter'),
  number('s_count', 'gauge'),
  number('s', 'summary'),
  number('m', 'gauge'),
  number('m.', 'gauge'),
  number('target_info', 'gauge')
]
export const RESOURCES: readonly Resource[] = [
  NO_RESOURCE,
  { schemaUrl: '', attributes: [['service.name', 'shop']] },
  // Becomes no label, but for the second one with promoted ones.
  { schemaUrl: '', attributes: [['pod', '1']] },
  {
    schemaUrl: '',
    attributes: [
      ['a', 'promoted'],
      ['weir.tenant', 't1']
    ]
  }
] as never

/** Random numbers that a seed tells. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % limit
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]
  }
}
