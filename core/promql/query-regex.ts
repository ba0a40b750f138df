import { compileRegex, regexProblem } from '../model/matching/linear-regex.ts'

/**
 * Most steps of the automaton of one expression. A list of ten thousand names is one such expression; beyond it, the
 * compilation takes seconds and gigabytes.
 */
const MOST_STEPS = 200_000
/** A class such as `\pL` has hundreds of ranges. */
const STEPS_OF_CLASS = 100

/**
 * Compiles a regular expression of a query: RE2's syntax, for whole texts. The dot matches line breaks too, as in
 * Prometheus. Returns the problem as a text if there is one.
 */
export function queryRegex(source: string): ReturnType<typeof compileRegex> | string {
  const steps = stepsOf(source)
  if (steps > MOST_STEPS)
    return `the regular expression is too large: it has ${source.length} characters and stands for some ${steps} steps, of at most ${MOST_STEPS}; shorten it, or its repetitions`
  // By itself: `a)(b` is an expression only with the parentheses around.
  return regexProblem(source) ?? compileRegex(`^(?s:${source})$`)
}

/** At most so many: each repetition may be of all the rest. RE2 refuses nested ones that make more than 1,000. */
function stepsOf(source: string): number {
  let repeats = 1
  for (const [, from, to] of source.matchAll(/\{(\d{1,4})(?:,(\d{0,4}))?\}/g))
    repeats = Math.max(repeats, Number(from), Number(to ?? 0))
  const classes = source.match(/\\[pP]/g)?.length ?? 0
  return (source.length + classes * STEPS_OF_CLASS) * repeats
}
