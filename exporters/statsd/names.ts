import { type Attributes, attributeText, withAttributes } from '../../sdk/plugin/index.ts'

/** Characters with a meaning in a line, and those that end it. Etsy's server splits names at them as well. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among those that cannot be sent
const IN_NAME = /[:|@#\u0000-\u001f\u007f]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const IN_KEY = /[:|,\u0000-\u001f\u007f]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const IN_VALUE = /[|,\u0000-\u001f\u007f]/g
/** Servers of DogStatsD take lines that begin so for events. */
const EVENT = '_e{'

export function escapeName(name: string): string {
  const escaped = name.replace(IN_NAME, '_')
  return escaped.startsWith(EVENT) ? escaped.replace('{', '_') : escaped
}

/** `|#key:value,…`, empty without attributes. Those of the resource are tags too, unless the point has such of its own. */
export function tagsOf(attributes: Attributes, resource: Attributes): string {
  const all = withAttributes(resource, attributes)
  if (all.length === 0) return ''
  return `|#${all.map(([key, value]) => `${escapeKey(key)}:${attributeText(value).replace(IN_VALUE, '_')}`).join()}`
}

// Some servers take off a `#` at the start of a tag.
const escapeKey = (key: string) => (key === '' ? '_' : key.replace(IN_KEY, '_').replace(/^#/, '_'))
