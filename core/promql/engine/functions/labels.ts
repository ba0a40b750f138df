import { compileRegex, Memo, regexProblem } from '../../../model/matching/linear-regex.ts'
import { METRIC_NAME } from '../../labels.ts'
import { QueryError } from '../../query-error.ts'
import { checkLabelName } from '../label-name.ts'
import { mergedRows } from '../merged-rows.ts'
import type { Row } from '../rows.ts'
import { vectorOf } from '../value.ts'
import { rowsArg, stringArg, type VectorCall, type VectorFunction } from './vector-function.ts'

/** How groups of the regular expression of `label_replace` are referred to: `$1`, `${1}`, `$name`, `${name}`; `$$` is a dollar sign. */
const REFERENCE = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu

export const labelReplace: VectorFunction = call => {
  const [target, template, source] = [labelName(call, 1), stringArg(call, 2), stringArg(call, 3)]
  const replacement = replacer(call, stringArg(call, 4), template)
  return relabeled(call, target, row => replacement(row.labels.get(source)))
}

export const labelJoin: VectorFunction = call => {
  const [target, separator] = [labelName(call, 1), stringArg(call, 2)]
  const sources = call.args.slice(3).map((_, index) => labelName(call, index + 3))
  return relabeled(call, target, row => sources.map(name => row.labels.get(name)).join(separator))
}

/** Sets a label of each row, unless its value is undefined. */
function relabeled(call: VectorCall, target: string, newValue: (row: Row) => string | undefined) {
  const rows = rowsArg(call, 0).map(row => {
    const value = newValue(row)
    if (value === undefined) return row
    const dropName = row.dropName && target !== METRIC_NAME
    return { ...row, dropName, labels: row.labels.with([[target, value]]) }
  })
  return vectorOf(mergedRows(call.query, call.times, rows))
}

function labelName(call: VectorCall, index: number): string {
  const name = stringArg(call, index)
  checkLabelName(name, call.exprs[index]!, call.query.options.text)
  return name
}

/** The replacement of a value, or undefined if the expression does not match all of it. */
function replacer(call: VectorCall, source: string, template: string): (value: string) => string | undefined {
  const problem = regexProblem(source)
  if (problem !== undefined) throw new QueryError('execution', problem, call.exprs[4]!.span)
  // The dot matches line breaks, as in selectors.
  const regex = compileRegex(`^(?s:${source})$`)
  const memo = new Memo(value => {
    const match = regex.matcher(value)
    if (!match.find()) return undefined
    return template.replace(REFERENCE, (_, braced: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare
      if (name === undefined) return '$'
      const group = /^\d+$/.test(name) ? Number(name) : match.namedGroups[name]
      // A group that is not there is empty.
      return group === undefined || group > match.groupCount() ? '' : (match.group(group) ?? '')
    })
  })
  return value => memo.of(value)
}
