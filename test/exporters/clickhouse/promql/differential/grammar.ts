import type { Asked } from './answers.ts'
import { LENGTH_MS, SECOND } from './samples.ts'

/** Of expressions within each other. */
const MAX_DEPTH = 2
const COUNTERS = [
  'http_requests_total',
  'errors_total',
  'latency_seconds_count',
  'latency_seconds_sum',
  '{__name__=~"http_requests_tot.l|queue_size"}'
]
const GAUGES = ['queue_size', 'temperature', 'odd_values', 'build_info', '{__name__=~"queue.*|temp.*"}', 'nothing']
const MATCHERS = [
  'job="a"',
  'job!="a"',
  'job=~"a|b"',
  'instance=~"[12]"',
  'instance!~"2|3"',
  'instance=~".+"',
  'route=~"/x.*"',
  'route=""',
  'window!=""',
  'version!~"new.*"',
  'missing=""',
  'job="a", instance!="3"',
  'job="none"'
]
const LABELS = ['job', 'instance', 'route', 'le', 'window', 'missing']
const RANGES = ['20s', '35s', '1m', '1m30s', '2m', '191s', '5m', '11m']
const SUBQUERIES = ['[5m:20s]', '[3m:15s]', '[9m:]', '[10m:1m]', '[4m:7s]']
const STEPS = [5, 15, 20, 30, 47, 60, 120, 300, 420]
const OF_COUNTERS = ['rate', 'increase', 'irate', 'resets', 'changes']
const OF_GAUGES = ['delta', 'idelta', 'deriv', 'changes']
const OVER_TIME = ['sum', 'avg', 'min', 'max', 'count', 'last', 'present', 'stddev', 'stdvar'].map(
  f => `${f}_over_time`
)
const AGGREGATIONS = ['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar']
const ARITHMETIC = ['+', '-', '*', '/', '%', '^']
const COMPARISONS = ['==', '!=', '>', '<', '>=', '<=', '> bool', '== bool', '!= bool']
const FUNCTIONS = [
  'abs',
  'ceil',
  'floor',
  'sqrt',
  'exp',
  'ln',
  'log2',
  'sgn',
  'round',
  'atan',
  'deg',
  'timestamp',
  'sort'
]
const TIMES = ['year', 'month', 'day_of_month', 'day_of_week', 'days_in_month', 'hour', 'minute']

/** Random queries, the same for each seed. Every kind of query comes in turn. */
export class Grammar {
  readonly #random: () => number
  /** Unix ms: of the samples. */
  readonly #end: number
  readonly #version: 2 | 3
  #turn = 0
  readonly #kinds = [
    () => this.#selector(this.#pick([...COUNTERS, ...GAUGES])),
    () => this.#ranged(),
    () => this.#aggregated(this.#ranged()),
    () => this.#aggregated(this.#vector(1)),
    () => this.#binary(),
    () => this.#joined(),
    () => this.#subquery(),
    () => this.#classic(),
    () => this.#native(),
    () => this.#called(),
    () => this.#ranked(),
    () => (this.#version === 3 ? this.#recent() : this.#ranged())
  ]

  /**
   * @param end Unix ms
   * @param version of Prometheus. For version 2 no time of a query is that of a sample, or at the edge of a subquery: it
   * takes in samples at both edges of a range.
   */
  constructor(random: () => number, end: number, version: 2 | 3) {
    this.#random = random
    this.#end = end
    this.#version = version
  }

  next(): Asked {
    const query = this.#kinds[this.#turn++ % this.#kinds.length]()
    const steps = this.#pick([0, 1, 10, 40])
    const stepMs = steps === 0 ? 0 : this.#pick(STEPS) * SECOND
    const start = this.#time()
    return { query, start, end: start + steps * stepMs, stepMs }
  }

  /** Of the time of the samples, and a little around it. */
  #time(): number {
    const seconds = Math.floor((this.#random() * 1.1 - 0.05) * (LENGTH_MS / SECOND))
    return this.#end - LENGTH_MS + seconds * SECOND + (this.#version === 2 ? SECOND / 2 : 0)
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)]
  }

  #chance(of: number): boolean {
    return this.#random() < of
  }

  /** Any instant vector. */
  #vector(depth: number): string {
    if (depth >= MAX_DEPTH) return this.#chance(0.5) ? this.#selector(this.#pick(GAUGES)) : this.#ranged()
    return this.#pick([
      () => this.#selector(this.#pick([...COUNTERS, ...GAUGES])),
      () => this.#ranged(),
      () => this.#aggregated(this.#vector(depth + 1)),
      () => `${this.#vector(depth + 1)} ${this.#pick(ARITHMETIC)} ${this.#number()}`,
      () => `${this.#pick(FUNCTIONS)}(${this.#vector(depth + 1)})`
    ])()
  }

  #selector(name: string, range = ''): string {
    const matchers = this.#chance(0.4) ? [this.#pick(MATCHERS)] : []
    if (name.startsWith('{')) return `${[name.slice(0, -1), ...matchers].join(', ')}}${range}${this.#modifiers()}`
    return `${name}${matchers.length > 0 ? `{${matchers}}` : ''}${range}${this.#modifiers()}`
  }

  #modifiers(): string {
    const offset = this.#chance(0.15) ? ` offset ${this.#pick(['1m', '5m', '33s', '-2m'])}` : ''
    const at = this.#chance(0.08) ? ` @ ${this.#pick(['start()', 'end()', String(this.#time() / SECOND)])}` : ''
    return this.#chance(0.5) ? offset + at : at + offset
  }

  #ranged(): string {
    const range = `[${this.#pick(RANGES)}]`
    const counter = () => this.#selector(this.#pick(COUNTERS), range)
    const gauge = () => this.#selector(this.#pick(GAUGES), range)
    return this.#pick([
      () => `${this.#pick(OF_COUNTERS)}(${counter()})`,
      () => `${this.#pick(OF_COUNTERS)}(${counter()})`,
      () => `${this.#pick(OF_GAUGES)}(${gauge()})`,
      () => `${this.#pick(OVER_TIME)}(${this.#chance(0.7) ? gauge() : counter()})`,
      () => `${this.#pick(OVER_TIME)}(${gauge()})`,
      () => `quantile_over_time(${this.#pick([0, 0.3, 0.5, 0.99, 1])}, ${gauge()})`,
      () => `predict_linear(${gauge()}, ${this.#pick([60, 3600, -30])})`,
      () => `absent_over_time(${gauge()})`
    ])()
  }

  #aggregated(of: string): string {
    const op = this.#pick(AGGREGATIONS)
    const labels = LABELS.filter(() => this.#chance(0.3)).join(', ')
    return this.#pick([
      `${op}(${of})`,
      `${op} by (${labels}) (${of})`,
      `${op} without (${labels}) (${of})`,
      `quantile by (${labels}) (${this.#pick([0.1, 0.5, 0.9])}, ${of})`,
      `count_values by (job) ("v", round(clamp(${of}, -1e6, 1e6), 50))`
    ])
  }

  #binary(): string {
    const [left, right] = [this.#selector(this.#pick(GAUGES)), this.#selector(this.#pick(GAUGES))]
    const on = this.#pick(['', ' on (job, instance)', ' ignoring (window, version)'])
    return this.#pick([
      () => `${left} ${this.#pick(ARITHMETIC)} ${this.#number()}`,
      () => `${this.#number()} ${this.#pick(ARITHMETIC)} ${this.#vector(1)}`,
      () => `${left} ${this.#pick(COMPARISONS)} ${this.#number()}`,
      () => `${left} ${this.#pick(ARITHMETIC)}${on} ${right}`,
      () => `${left} ${this.#pick(COMPARISONS)}${on} ${right}`,
      () => `${left} ${this.#pick(['and', 'or', 'unless'])}${on} ${right}`,
      () => `-${this.#vector(1)}`
    ])()
  }

  /** Many to one, and ratios. */
  #joined(): string {
    const range = `[${this.#pick(RANGES)}]`
    return this.#pick([
      `rate(http_requests_total${range}) * on (job, instance) group_left (version) build_info`,
      `build_info * on (job, instance) group_right (version) ${this.#selector('http_requests_total')}`,
      `sum by (job) (rate(errors_total${range})) / sum by (job) (rate(http_requests_total${range}))`,
      `errors_total / ignoring (route) group_left sum without (route) (http_requests_total)`,
      `rate(errors_total${range}) / on (job, instance, route) rate(http_requests_total${range})`,
      `queue_size and on (job) (temperature > 20)`,
      `sum by (job, instance) (http_requests_total) unless on (job, instance) build_info{version="old"}`
    ])
  }

  #subquery(): string {
    const subquery = this.#pick(SUBQUERIES)
    const func = this.#pick([...OVER_TIME, 'delta', 'quantile_over_time'])
    const of = this.#pick([() => this.#ranged(), () => this.#aggregated(this.#selector(this.#pick(GAUGES)))])()
    const call = (inner: string) => (func === 'quantile_over_time' ? `${func}(0.8, ${inner})` : `${func}(${inner})`)
    // The steps of a subquery around another are whole minutes.
    return this.#chance(0.2) && this.#version === 3
      ? `max_over_time(${call(`${of}${subquery}`)}[6m:1m])`
      : call(`${of}${subquery}${this.#modifiers()}`)
  }

  #classic(): string {
    const range = `[${this.#pick(RANGES)}]`
    const rate = `${this.#pick(['rate', 'increase'])}(${this.#selector('latency_seconds_bucket', range)})`
    const quantile = this.#pick([0, 0.25, 0.5, 0.9, 0.99, 1])
    return this.#pick([
      `histogram_quantile(${quantile}, ${rate})`,
      `histogram_quantile(${quantile}, sum by (le) (${rate}))`,
      `histogram_quantile(${quantile}, sum by (job, le) (${rate}))`,
      `histogram_quantile(${quantile}, ${this.#selector('latency_seconds_bucket')})`,
      `sum by (le) (${rate})`,
      `sum by (job) (rate(latency_seconds_sum${range})) / sum by (job) (rate(latency_seconds_count${range}))`,
      this.#selector('latency_seconds_bucket')
    ])
  }

  #native(): string {
    const range = `[${this.#pick(RANGES)}]`
    const changed = () => `${this.#pick(['rate', 'increase'])}(${this.#selector('payload_bytes', range)})`
    const any = () =>
      this.#pick([changed, () => `sum by (job) (${changed()})`, () => this.#selector('payload_bytes')])()
    return this.#pick([
      any,
      () => `sum${this.#pick(['', ' by (job)', ' without (instance)'])} (${any()})`,
      () => `histogram_quantile(${this.#pick([0, 0.1, 0.5, 0.9, 1])}, ${any()})`,
      () => `histogram_${this.#pick(['count', 'sum'])}(${any()})`,
      () => `histogram_fraction(${this.#pick(['-1, 1', '2, 4', '0, 1.5'])}, ${any()})`,
      () => `${this.#pick(['sum', 'avg', 'last', 'count'])}_over_time(${this.#selector('payload_bytes', range)})`,
      () => `${any()} ${this.#pick(['*', '/'])} 2`,
      () => `count by (job) (${any()})`
    ])()
  }

  #called(): string {
    return this.#pick([
      () => `${this.#pick(FUNCTIONS)}(${this.#vector(1)})`,
      () => `${this.#pick(TIMES)}(queue_size * 1e7)`,
      () => `clamp(${this.#vector(1)}, 10, 50)`,
      () => `absent(${this.#selector(this.#pick(GAUGES))})`,
      () => `scalar(${this.#aggregated(this.#selector(this.#pick(GAUGES)))}) + 1`,
      () => `label_replace(${this.#vector(1)}, "n", "<$1>", "instance", "([12])")`,
      () => `label_join(${this.#vector(1)}, "j", "-", "job", "instance")`,
      () => `time() - timestamp(${this.#selector(this.#pick(COUNTERS))})`,
      () => `vector(${this.#number()})`,
      () => this.#selector(this.#pick([...COUNTERS, ...GAUGES]), `[${this.#pick(RANGES)}]`)
    ])()
  }

  #ranked(): string {
    const of = this.#pick([this.#selector(this.#pick(['queue_size', 'temperature'])), `rate(http_requests_total[2m])`])
    return `${this.#pick(['topk', 'bottomk'])}${this.#pick(['', ' by (job)', ' without (instance)'])} (${this.#pick([0, 1, 2, 5])}, ${of})`
  }

  /** Functions that version 2 does not have. */
  #recent(): string {
    const range = `[${this.#pick(RANGES)}]`
    const gauge = this.#selector(this.#pick(GAUGES), range)
    const native = this.#pick([
      this.#selector('payload_bytes'),
      `rate(${this.#selector('payload_bytes', range)})`,
      `sum by (job) (increase(payload_bytes${range}))`
    ])
    return this.#pick([
      `${this.#pick(['mad', 'first', 'ts_of_first', 'ts_of_last', 'ts_of_min', 'ts_of_max'])}_over_time(${gauge})`,
      `double_exponential_smoothing(${gauge}, ${this.#pick([0.1, 0.9])}, ${this.#pick([0.2, 0.5])})`,
      `histogram_${this.#pick(['avg', 'stddev', 'stdvar'])}(${native})`,
      `histogram_quantiles(${native}, "q", 0.1, 0.5, 0.99)`,
      `${native} ${this.#pick(['+', '-', '==', '!='])} ${this.#selector('payload_bytes')}`,
      `${this.#pick(['avg', 'sum'])} by (job) (${native})`,
      `histogram_fraction(1, 3, ${this.#pick(['', 'sum by (job, le) '])}(rate(latency_seconds_bucket${range})))`,
      `${this.#pick(['resets', 'changes', 'irate', 'idelta', 'delta', 'first_over_time'])}(payload_bytes${range})`,
      `sort_by_label(${this.#selector('queue_size')}, "instance")`,
      `payload_bytes </ ${this.#pick([2, 3.3])}`,
      `{__name__=~"payload_bytes|queue_size", job="a"}`,
      `sum_over_time(payload_bytes[5m:30s])`
    ])
  }

  #number(): string {
    return this.#pick(['2', '0.5', '-3', '10', '1e3', '0', 'Inf', 'NaN'])
  }
}
