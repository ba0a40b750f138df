import fc from 'fast-check'

const NAME = fc.constantFrom('a', 'b:c', 'offset', 'sum', 'rate', '_x9', 'constructor')
const LABEL = fc.constantFrom('job', 'on', 'bool', '"a.b"', '`x y`', '__name__')
const DURATION = fc.constantFrom('5m', '1h30m', '90', '1500ms', '0x10', '1y', '.5')
const NUMBER = fc.oneof(
  DURATION,
  fc.constantFrom('1', '2.', '1e-9', 'Inf', 'NaN', '0755', '1_000.25'),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }).map(String)
)
const STRING = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 4 }).map(text => JSON.stringify(text.toWellFormed())),
  fc.constantFrom("'a\\'b'", '`\\n`', '"\\xe4\\xb8\\x96"', '"\\u00e9"', '"(a|b).*"')
)
const BINARY = fc.constantFrom(...'+ - * / % ^ atan2 == != > < >= <= </ >/ and or unless'.split(' '))
const MODIFIERS = fc.constantFrom(
  '',
  ' bool',
  ' on (job)',
  ' ignoring ("a.b") group_left',
  ' on (bool) group_right (x, y)',
  ' fill (-1)',
  ' on () fill_left (2)'
)
const AGGREGATION = fc.constantFrom('sum', 'count', 'topk', 'quantile', 'count_values', 'limitk', 'group')
const GROUPING = fc.constantFrom('', ' by (job)', ' without ("a.b", x)', ' by ()')
const MATCHER = fc
  .tuple(LABEL, fc.constantFrom('=', '!=', '=~', '!~'), STRING)
  .map(([label, op, value]) => `${label}${op}${value}`)
const SELECTOR = fc
  .tuple(NAME, fc.array(MATCHER, { maxLength: 3 }))
  .map(([name, matchers]) => (matchers.length === 0 ? name : `${name}{${matchers.join(', ')}}`))
const SHIFT = fc.constantFrom(
  '',
  ' offset 5m',
  ' offset -1h',
  ' @ 12.5',
  ' @ start() offset 1m',
  ' offset (step() - 5)',
  ' anchored'
)
const RANGE = fc.oneof(DURATION, fc.constantFrom('step()', '1h + step() * 2', '-(1h) + 2h', 'max_of(range(), 5m) ^ 2'))

/** Most of what is made is an expression; types fit by chance. */
export const { text: QUERY } = fc.letrec<{ text: string }>(tie => ({
  text: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    NUMBER,
    STRING,
    fc.tuple(SELECTOR, SHIFT).map(([selector, shift]) => selector + shift),
    fc.tuple(SELECTOR, RANGE, SHIFT).map(([selector, range, shift]) => `rate(${selector}[${range}]${shift})`),
    fc
      .tuple(tie('text'), BINARY, MODIFIERS, tie('text'))
      .map(([lhs, op, modifiers, rhs]) => `${lhs} ${op}${modifiers} ${rhs}`),
    fc.tuple(fc.constantFrom('-', '+', '- -'), tie('text')).map(([sign, text]) => sign + text),
    tie('text').map(text => `(${text})`),
    fc.tuple(AGGREGATION, GROUPING, tie('text')).map(([op, grouping, text]) => `${op}${grouping} (${text})`),
    fc.tuple(AGGREGATION, tie('text'), tie('text')).map(([op, param, text]) => `${op}(${param}, ${text})`),
    fc
      .tuple(fc.constantFrom('abs', 'clamp_min', 'histogram_quantile'), tie('text'), tie('text'))
      .map(([f, a, b]) => `${f}(${a}, ${b})`),
    fc.tuple(tie('text'), RANGE, SHIFT).map(([text, range, shift]) => `last_over_time((${text})[${range}:]${shift})`)
  )
}))
