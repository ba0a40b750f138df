import type { ConfigSchema } from '../plugin/contract.ts'
import { nodeAt, type ScalarNode, type YamlNode } from './document.ts'
import { applySchema, type SchemaResult } from './schema.ts'
import { pathOf } from './schema-errors.ts'

/**
 * The value of `node` by `schema`, as Go's programs read YAML into their types: a number or bool is a text where the schema
 * wants one, as it is written, and a key without a value is not there.
 */
export function applyAsGo(schema: ConfigSchema, node: YamlNode): SchemaResult {
  const texts = new Set<YamlNode>()
  for (;;) {
    const result = applySchema(schema, plainValue(node, texts))
    const wanted = result.errors
      .filter(({ keyword, params }) => keyword === 'type' && params.type === 'string')
      .map(error => nodeAt(node, pathOf(error)))
      .filter(at => isTextToBe(at) && !texts.has(at))
    if (wanted.length === 0) return result
    for (const at of wanted) texts.add(at)
  }
}

const isTextToBe = (node: YamlNode): node is ScalarNode =>
  node.type === 'scalar' && (typeof node.value === 'number' || typeof node.value === 'boolean')

function plainValue(node: YamlNode, texts: ReadonlySet<YamlNode>): unknown {
  if (node.type === 'scalar') return texts.has(node) ? node.text : node.value
  if (node.type === 'sequence') return node.items.map(item => plainValue(item, texts))
  const entries = [...node.entries].map(([key, { node }]) => [key, plainValue(node, texts)] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== null))
}
