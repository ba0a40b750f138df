import type { ErrorObject } from 'ajv'
import type { ConfigSchema } from '../plugin/contract.ts'
import { nodeAt, type ScalarNode, toValue, type YamlNode } from './document.ts'
import { applySchema, type SchemaResult } from './schema.ts'
import { pathOf } from './schema-errors.ts'

/** By these a schema says that it wants another type. */
const OF_TYPE = new Set(['type', 'enum', 'const'])

/**
 * The value of `node` by `schema`. What a variable filled in is a text, `0123` too, unless the schema wants another type
 * there.
 */
export function applyToNode(schema: ConfigSchema, node: YamlNode): SchemaResult {
  const typed = new Set<YamlNode>()
  for (;;) {
    const result = applySchema(schema, toValue(node, typed))
    const wanted = result.errors.flatMap(error => convertible(error, node, typed))
    if (wanted.length === 0) return result
    for (const scalar of wanted) typed.add(scalar)
  }
}

function convertible(error: ErrorObject, root: YamlNode, typed: ReadonlySet<YamlNode>): ScalarNode[] {
  const node = nodeAt(root, pathOf(error))
  const isText = node.type === 'scalar' && node.filledIn !== undefined && !typed.has(node)
  return isText && OF_TYPE.has(error.keyword) && node.filledIn!.typed !== node.value ? [node] : []
}
