import { Memo } from '../model/matching/linear-regex.ts'
import { QueryError } from './query-error.ts'
import { queryRegex } from './query-regex.ts'

/** Characters of regular expressions that stand for something else than themselves, but the alternative. */
const OPERATORS = /[\\^$.?*+()[\]{}]/

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
  const alternatives = literalsOf(value)
  if (alternatives !== undefined) return text => alternatives.has(text) === (op === '=~')
  const regex = queryRegex(value)
  if (typeof regex === 'string') throw new QueryError('bad_data', regex)
  const memo = new Memo(text => regex.test(text))
  return op === '=~' ? text => memo.of(text) : text => !memo.of(text)
}

/** Dashboards ask for the chosen values of a variable, thousands of them maybe. Undefined if the expression is more. */
function literalsOf(value: string): ReadonlySet<string> | undefined {
  return OPERATORS.test(value) ? undefined : new Set(value.split('|'))
}
