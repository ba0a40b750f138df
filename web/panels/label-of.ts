import type { Labels } from '../app/promql.ts'

/** The value of a label; an absent one is empty, also if all objects have something of its name. */
export const labelOf = (labels: Labels, name: string): string => (Object.hasOwn(labels, name) ? labels[name] : '')
