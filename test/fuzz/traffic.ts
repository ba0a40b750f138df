import fc from 'fast-check'

export type Kind = 'counter' | 'up_down_counter' | 'gauge' | 'histogram' | 'exponential_histogram' | 'summary'

/** A series of an application, and what is odd about it. */
export interface Application {
  readonly name: string
  readonly kind: Kind
  readonly temporality: 'delta' | 'cumulative' | 'unspecified'
  readonly attributes: readonly (readonly [string, string | number | boolean])[]
  /** Points name no start time. */
  readonly noStart?: boolean
  /** Histograms have no sum, least and greatest. */
  readonly noSum?: boolean
  readonly bounds?: readonly number[]
  readonly scale?: number
  readonly offset?: number
}

/** A point as it is sent. Times in Unix ms. */
export interface SentPoint {
  readonly from: Application
  readonly start: number
  readonly time: number
  readonly isStale: boolean
  /** Of a distribution its count. */
  readonly value: number
  /** Of a distribution: observations were of 1, 2 and 3, each in a bucket of its own, and this many. */
  readonly buckets: readonly number[]
}

const pair = (key: string, value: string | number | boolean) => [key, value] as const
const EMPTY = [] as const
const BOUNDS = [1, 2]
const MANY = Array.from({ length: 60 }, (_, i) => pair(`key.${i}`, i % 2 === 0 ? `value ${i}` : i))

export const APPLICATIONS: readonly Application[] = [
  { name: 'counter', kind: 'counter', temporality: 'cumulative', attributes: [pair('a', 1)] },
  { name: 'counter', kind: 'counter', temporality: 'cumulative', attributes: [pair('a', 2)] },
  { name: 'counter.plain', kind: 'counter', temporality: 'cumulative', attributes: EMPTY },
  { name: 'counter.no_start', kind: 'counter', temporality: 'cumulative', attributes: EMPTY, noStart: true },
  { name: 'delta', kind: 'counter', temporality: 'delta', attributes: [pair('a', true)] },
  { name: 'delta', kind: 'counter', temporality: 'delta', attributes: MANY },
  { name: 'delta.no_start', kind: 'counter', temporality: 'delta', attributes: EMPTY, noStart: true },
  { name: 'up_down', kind: 'up_down_counter', temporality: 'delta', attributes: [pair('a', 1.5)] },
  { name: 'level', kind: 'up_down_counter', temporality: 'cumulative', attributes: EMPTY },
  { name: 'gauge', kind: 'gauge', temporality: 'unspecified', attributes: [pair('twice', 'x'), pair('twice', 'y')] },
  { name: 'histogram', kind: 'histogram', temporality: 'delta', attributes: EMPTY, bounds: BOUNDS },
  { name: 'histogram.total', kind: 'histogram', temporality: 'cumulative', attributes: EMPTY, bounds: BOUNDS },
  { name: 'histogram.no_sum', kind: 'histogram', temporality: 'delta', attributes: EMPTY, bounds: BOUNDS, noSum: true },
  { name: 'histogram.inf', kind: 'histogram', temporality: 'delta', attributes: EMPTY, bounds: [1, Infinity] },
  {
    name: 'histogram.minus_inf',
    kind: 'histogram',
    temporality: 'cumulative',
    attributes: EMPTY,
    bounds: [-Infinity, 2]
  },
  { name: 'histogram.bare', kind: 'histogram', temporality: 'delta', attributes: EMPTY },
  { name: 'exponential', kind: 'exponential_histogram', temporality: 'delta', attributes: EMPTY, scale: 3, offset: -2 },
  {
    name: 'exponential.total',
    kind: 'exponential_histogram',
    temporality: 'cumulative',
    attributes: EMPTY,
    scale: 0,
    offset: 0
  },
  {
    name: 'exponential.no_sum',
    kind: 'exponential_histogram',
    temporality: 'delta',
    attributes: EMPTY,
    scale: 1,
    offset: 1,
    noSum: true
  },
  {
    name: 'exponential.far',
    kind: 'exponential_histogram',
    temporality: 'delta',
    attributes: EMPTY,
    scale: 0,
    offset: 1021
  },
  { name: 'summary', kind: 'summary', temporality: 'unspecified', attributes: EMPTY }
]

const TWISTS = [
  'none',
  'none',
  'none',
  'none',
  'again',
  'older',
  'restart',
  'less',
  'not_a_number',
  'stale',
  'start_is_time'
] as const
interface Move {
  readonly application: number
  readonly add: readonly number[]
  /** Since the point before, ms: several points of a series may share a millisecond. */
  readonly after: number
  readonly twist: (typeof TWISTS)[number]
}

const move: fc.Arbitrary<Move> = fc.record({
  application: fc.nat(APPLICATIONS.length - 1),
  add: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)),
  after: fc.constantFrom(0, 1, 100, 400),
  twist: fc.constantFrom(...TWISTS)
})

/** Requests, a second apart. */
export const traffic = fc.array(fc.array(move, { maxLength: 12 }), { maxLength: 8 })

/** What applications send when they do these moves, from `now` on, Unix ms. Counting began when they did. */
export function play(requests: readonly (readonly Move[])[], now: number): SentPoint[][] {
  const running = APPLICATIONS.map(from => new Running(from, now))
  return requests.map((moves, i) => moves.map(one => running[one.application].point(one, now + (i + 1) * 1000)))
}

class Running {
  #from: Application
  #start: number
  #time: number
  #buckets = [0, 0, 0]

  constructor(from: Application, now: number) {
    this.#from = from
    this.#start = now + 1
    this.#time = now + 1
  }

  point({ add, after, twist }: Move, now: number): SentPoint {
    const isTotal = this.#from.temporality === 'cumulative'
    const before = this.#time
    const isRestart = twist === 'restart' || twist === 'start_is_time'
    if (twist !== 'again' && twist !== 'older')
      // Two lives never share a start.
      this.#time = Math.max(this.#time + (isRestart ? 2 : after), now - 1000)
    if (isRestart) this.#start = twist === 'restart' ? this.#time - 1 : this.#time
    // Of a histogram with less in some buckets and more in others nobody could tell.
    const isLess = twist === 'less' && this.#from.kind === 'counter'
    if (isRestart || isLess || !isTotal) this.#buckets = [0, 0, 0]
    if (twist !== 'again') this.#buckets = this.#buckets.map((count, i) => count + add[i])
    const start = isTotal ? this.#start : before - 1
    const count = this.#buckets.reduce((a, b) => a + b)
    return {
      from: this.#from,
      start: this.#from.noStart === true ? 0 : start,
      time: twist === 'older' ? this.#time - 1 : this.#time,
      isStale: twist === 'stale',
      value: twist === 'not_a_number' ? Number.NaN : count,
      buckets: this.#buckets
    }
  }
}
