import { compileRegex, Memo, regexProblem } from '../model/matching/linear-regex.ts'
import { QueryError } from './query-error.ts'

export type MatcherOp = '=' | '!=' | '=~' | '!~'

/** A condition on one label. A label that is absent is empty. Regular expressions are RE2's, and match whole values. */
export class Matcher {
  readonly name: string
  readonly op: MatcherOp
  readonly value: string
  #test: (value: string) => boolean

  /** Throws a {@link QueryError} if the regular expression is none. */
  constructor(name: string, op: MatcherOp, value: string) {
    this.name = name
    this.op = op
    this.value = value
    this.#test = testOf(op, value)
  }

  matches(value: string): boolean {
    return this.#test(value)
  }
}

function testOf(op: MatcherOp, value: string): (value: string) => boolean {
  if (op === '=') return text => text === value
  if (op === '!=') return text => text !== value
  // As in Prometheus: the dot matches line breaks too.
  const source = `^(?s:${value})$`
  const problem = regexProblem(value)
  if (problem !== undefined) throw new QueryError('bad_data', problem)
  const regex = compileRegex(source)
  const memo = new Memo(text => regex.test(text))
  return op === '=~' ? text => memo.of(text) : text => !memo.of(text)
}
