import type { YamlNode } from './document.ts'
import type { Position } from './problems.ts'

/**
 * Greatest depth of YAML without aliases. Aliases of aliases go deeper, and a walk through them overflows the stack.
 */
export const MOST_DEEP = 100

/** The place of a value that is nested too deeply; undefined if there is none. */
export function tooDeep(root: YamlNode): Position | undefined {
  const deepest = new Map<YamlNode, number>()
  const waiting: [node: YamlNode, depth: number][] = [[root, 0]]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [node, depth] = next
    if (depth > MOST_DEEP) return node.position
    // An alias leads to a node that may have been met before, at another depth.
    if ((deepest.get(node) ?? -1) >= depth) continue
    deepest.set(node, depth)
    for (const child of childrenOf(node)) waiting.push([child, depth + 1])
  }
  return undefined
}

function childrenOf(node: YamlNode): readonly YamlNode[] {
  if (node.type === 'sequence') return node.items
  return node.type === 'mapping' ? Array.from(node.entries.values(), entry => entry.node) : []
}
