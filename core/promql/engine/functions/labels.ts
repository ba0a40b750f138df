import { Memo } from '../../../model/matching/linear-regex.ts'
import { METRIC_NAME } from '../../labels.ts'
import { QueryError } from '../../query-error.ts'
import { queryRegex } from '../../query-regex.ts'
import { checkLabelName } from '../label-name.ts'
import { mergedRows } from '../merged-rows.ts'
import type { Row } from '../rows.ts'
import { vectorOf } from '../value.ts'
import { rowsArg, stringArg, type VectorCall, type VectorFunction } from './vector-function.ts'

/** How groups of the regular expression of `label_replace` are referred to: `$1`, `${1}`, `$name`, `${name}`; `$$` is a dollar sign. */
const REFERENCE = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu
/** Characters, as of received labels. Functions within each other could double a value each time, beyond all memory. */
const MAX_VALUE_LENGTH = 8192
/** They take the memory of one sample. */
const CHARACTERS_A_SAMPLE = 8

export const labelReplace: VectorFunction = call => {
  const [target, template, source] = [labelName(call, 1), stringArg(call, 2), stringArg(call, 3)]
  const replacement = replacer(call, stringArg(call, 4), template)
  return relabeled(call, target, row => replacement(row.labels.get(source)))
}

export const labelJoin: VectorFunction = call => {
  const [target, separator] = [labelName(call, 1), stringArg(call, 2)]
  const sources = call.args.slice(3).map((_, index) => labelName(call, index + 3))
  return relabeled(call, target, row => {
    const values = sources.map(name => row.labels.get(name))
    const length = values.reduce((sum, value) => sum + value.length, separator.length * (values.length - 1))
    checkLength(call, length)
    return values.join(separator)
  })
}

/** Sets a label of each row, unless its value is undefined. */
async function relabeled(call: VectorCall, target: string, newValue: (row: Row) => string | undefined) {
  const { query, times } = call
  const rows: Row[] = []
  let characters = 0
  for (const row of rowsArg(call, 0)) {
    if (query.turns.due) await query.turns.next()
    const value = newValue(row)
    characters += value?.length ?? 0
    query.budget.checkRoom(characters / CHARACTERS_A_SAMPLE)
    const dropName = row.dropName && target !== METRIC_NAME
    rows.push(value === undefined ? row : { ...row, dropName, labels: row.labels.with([[target, value]]) })
  }
  return vectorOf(mergedRows(query, times, rows))
}

function checkLength(call: VectorCall, length: number): void {
  if (length <= MAX_VALUE_LENGTH) return
  throw new QueryError(
    'execution',
    `${call.func} makes a label value of more than ${MAX_VALUE_LENGTH} characters: join fewer labels, or shorter ones`,
    call.span
  )
}

function labelName(call: VectorCall, index: number): string {
  const name = stringArg(call, index)
  checkLabelName(name, call.exprs[index]!, call.query.options.text)
  return name
}

/** The replacement of a value, or undefined if the expression does not match all of it. */
function replacer(call: VectorCall, source: string, template: string): (value: string) => string | undefined {
  const regex = queryRegex(source)
  if (typeof regex === 'string') throw new QueryError('execution', regex, call.exprs[4]!.span)
  const parts = templateParts(template)
  const memo = new Memo(value => {
    const match = regex.matcher(value)
    if (!match.find()) return undefined
    let replaced = ''
    for (const { text, reference } of parts) {
      replaced += text
      if (reference !== undefined) {
        const group = /^\d+$/.test(reference) ? Number(reference) : match.namedGroups[reference]
        // A group that is not there is empty.
        replaced += group === undefined || group > match.groupCount() ? '' : (match.group(group) ?? '')
      }
      checkLength(call, replaced.length)
    }
    return replaced
  })
  return value => memo.of(value)
}

interface TemplatePart {
  readonly text: string
  /** Number or name of a group whose value comes behind the text. */
  readonly reference: string | undefined
}

function templateParts(template: string): TemplatePart[] {
  const parts: TemplatePart[] = []
  let from = 0
  for (const { 0: whole, 1: braced, 2: bare, index } of template.matchAll(REFERENCE)) {
    const reference = braced ?? bare
    parts.push({ text: template.slice(from, index) + (reference === undefined ? '$' : ''), reference })
    from = index + whole.length
  }
  return [...parts, { text: template.slice(from), reference: undefined }]
}
