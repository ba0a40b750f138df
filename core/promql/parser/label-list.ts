import type { Cursor } from './cursor.ts'

/** Reads `(a, "b.c")`: names of labels, where keywords are names like others. */
export function readLabels(cursor: Cursor): string[] {
  const labels: string[] = []
  cursor.expect('(', 'grouping')
  while (!cursor.at(')')) {
    const { token } = cursor
    if (token.kind !== 'identifier' && token.kind !== 'string') throw cursor.unexpected('grouping', 'label name or ")"')
    const label = token.kind === 'string' ? cursor.takeString() : cursor.take().text
    if (label === '') throw cursor.error(token, 'the name of a label for grouping must not be empty')
    labels.push(label)
    if (!cursor.accept(',') && !cursor.at(')')) throw cursor.unexpected('grouping', '"," or ")"')
  }
  cursor.take()
  return labels
}
