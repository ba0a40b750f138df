import type { ValueType } from './ast.ts'

/** Arguments and result of a function: https://prometheus.io/docs/prometheus/latest/querying/functions/ */
export interface FunctionSignature {
  /** Types of the arguments. Further arguments have the last one's type. */
  readonly args: readonly ValueType[]
  readonly minArgs: number
  /** Infinity if there is no limit. */
  readonly maxArgs: number
  readonly returns: ValueType
  /** Refused unless experimental functions are enabled. */
  readonly experimental: boolean
}

/** Weir's own function, whose operand the store reads by itself: see `engine/unique-operand.ts`. */
export const UNIQUE = 'weir_unique'

/** Functions of PromQL as of Prometheus 3.14, and Weir's own, by name. */
export const FUNCTIONS: ReadonlyMap<string, FunctionSignature> = new Map([
  ...family(['vector'], names('abs ceil floor exp ln log2 log10 sqrt sgn')),
  ...family(['vector'], names('sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh deg rad')),
  ...family(['vector'], names('absent sort sort_desc timestamp')),
  ...family(['vector'], names('histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar')),
  ...family(['matrix'], names('rate increase delta irate idelta resets changes deriv')),
  ...family(['matrix'], names('avg_over_time sum_over_time min_over_time max_over_time count_over_time')),
  ...family(['matrix'], names('first_over_time last_over_time present_over_time absent_over_time')),
  ...family(['matrix'], names('stddev_over_time stdvar_over_time')),
  ...family(['vector'], names('year month day_of_month day_of_week day_of_year days_in_month hour minute'), {
    minArgs: 0
  }),
  ...family([], names('pi time'), { returns: 'scalar' }),
  ['scalar', signature(['vector'], { returns: 'scalar' })],
  ['vector', signature(['scalar'])],
  ['round', signature(['vector', 'scalar'], { minArgs: 1 })],
  ['clamp', signature(['vector', 'scalar', 'scalar'])],
  ['clamp_min', signature(['vector', 'scalar'])],
  ['clamp_max', signature(['vector', 'scalar'])],
  ['predict_linear', signature(['matrix', 'scalar'])],
  ['quantile_over_time', signature(['scalar', 'matrix'])],
  ['histogram_quantile', signature(['scalar', 'vector'])],
  ['weir_quantile', signature(['scalar', 'vector'])],
  [UNIQUE, signature(['vector'])],
  ['histogram_fraction', signature(['scalar', 'scalar', 'vector'])],
  ['label_replace', signature(['vector', 'string', 'string', 'string', 'string'])],
  ['label_join', signature(['vector', 'string', 'string', 'string'], { minArgs: 3, maxArgs: Infinity })],
  ...family(['matrix'], names('mad_over_time ts_of_first_over_time ts_of_last_over_time'), { experimental: true }),
  ...family(['matrix'], names('ts_of_min_over_time ts_of_max_over_time'), { experimental: true }),
  ...family([], names('start end step range'), { returns: 'scalar', experimental: true }),
  ...family(['scalar', 'scalar'], names('min_of max_of'), { returns: 'scalar', experimental: true }),
  ...family(['vector', 'string'], names('sort_by_label sort_by_label_desc'), {
    minArgs: 1,
    maxArgs: Infinity,
    experimental: true
  }),
  ['double_exponential_smoothing', signature(['matrix', 'scalar', 'scalar'], { experimental: true })],
  [
    'histogram_quantiles',
    signature(['vector', 'string', 'scalar', 'scalar'], { minArgs: 3, maxArgs: 12, experimental: true })
  ],
  ['info', signature(['vector', 'vector'], { minArgs: 1, experimental: true })]
])

type Exceptions = Partial<Omit<FunctionSignature, 'args'>>

function names(list: string): string[] {
  return list.split(' ')
}

function family(args: readonly ValueType[], members: readonly string[], exceptions?: Exceptions) {
  const shared = signature(args, exceptions)
  return members.map((name): [string, FunctionSignature] => [name, shared])
}

/** Unless told otherwise: as many arguments as types, and a vector as result. */
function signature(args: readonly ValueType[], exceptions: Exceptions = {}): FunctionSignature {
  return { args, minArgs: args.length, maxArgs: args.length, returns: 'vector', experimental: false, ...exceptions }
}
