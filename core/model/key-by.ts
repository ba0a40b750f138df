import { hash } from 'node:crypto'
import { type Attributes, attributeText, findAttribute } from './attributes.ts'

/** Stands for the name of the metric or event in a list of attributes, as in Prometheus. */
export const NAME = '__name__'

/** In UTF-16 units: keys are remembered, and values may be anything, whole bodies too. Longer ones are hashed. */
const LONGEST_KEY = 100

/**
 * One short text for all items that have the same values of the attributes `by`, of their own or else of their
 * resource.
 */
export function keyBy(by: readonly string[], name: string, attributes: Attributes, resource: Attributes): string {
  let key = ''
  for (const attribute of by) {
    // A value that is missing and an empty one are the same.
    const value = findAttribute(attributes, attribute) ?? findAttribute(resource, attribute) ?? ''
    const text = attribute === NAME ? name : attributeText(value)
    key += `${text.length}:${text}`
  }
  return key.length <= LONGEST_KEY ? key : hash('sha256', key)
}
