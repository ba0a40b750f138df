import type { Matcher } from 're2js'

const REFERENCE = /\$(?:\$|\{(\w+)\}|(\w+))/g

/** A text to fill in from the groups of an expression. */
export type Template = (match: Matcher) => string

/**
 * `$1`, `${1}`, `$name` and `${name}` are groups, as in Go's `regexp.Expand` and so in Prometheus: the longest name
 * counts, so that `$1x` is a group called `1x`. A group that does not exist is empty; `$$` is a dollar sign.
 */
export function compileTemplate(text: string, groups: Readonly<Record<string, number>>, groupCount: number): Template {
  const parts: (string | number)[] = []
  let at = 0
  for (const { 0: whole, 1: braced, 2: plain, index } of text.matchAll(REFERENCE)) {
    parts.push(text.slice(at, index))
    at = index + whole.length
    const name = braced ?? plain
    const group = name === undefined ? undefined : /^\d+$/.test(name) ? Number(name) : groups[name]
    if (name === undefined) parts.push('$')
    else if (group !== undefined && group <= groupCount) parts.push(group)
  }
  parts.push(text.slice(at))
  return match => {
    let filled = ''
    for (const part of parts) filled += typeof part === 'string' ? part : (match.group(part) ?? '')
    return filled
  }
}
