import type { Labels } from '../app/promql.ts'

/** Values of the labels that tell a group apart. An absent one is empty. */
export function groupName(labels: Labels): string {
  const values = Object.values(labels)
  return values.length === 0 ? 'none' : values.join(', ')
}
