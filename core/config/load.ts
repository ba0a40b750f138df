import { closeSync, openSync, readSync } from 'node:fs'
import { describeError } from '../errors.ts'
import { MOST_DEEP, tooDeep } from './depth.ts'
import { type MappingNode, parseYaml, type YamlNode } from './document.ts'
import type { Environment } from './environment.ts'
import type { Problems } from './problems.ts'

/** A configuration by hand has kilobytes. */
const LARGEST_BYTES = 16 * 2 ** 20

/**
 * Reads and merges configuration files, later ones over earlier ones: mappings key by key, everything else replaced
 * whole. Undefined when nothing usable is left; why is in `problems`.
 */
export function loadConfig(files: readonly string[], env: Environment, problems: Problems): MappingNode | undefined {
  let merged: MappingNode | undefined
  for (const file of files) {
    const node = readOne(file, env, problems)
    if (node !== undefined) merged = merged === undefined ? node : mergeMappings(merged, node)
  }
  return merged
}

function readOne(file: string, env: Environment, problems: Problems): MappingNode | undefined {
  const top = { file, line: 1, column: 1 }
  let text: string
  try {
    text = readBounded(file)
  } catch (error) {
    problems.error(top, `cannot read this file: ${describeError(error)}`)
    return undefined
  }
  const before = problems.all.length
  const node = parseYaml(file, text, env, problems)
  const deep = node && tooDeep(node)
  if (deep !== undefined) {
    problems.error(deep, `with aliases written out, values are nested more than ${MOST_DEEP} deep: use fewer aliases`)
    return undefined
  }
  if (node?.type === 'mapping') return node
  if (problems.all.length === before) problems.error(top, 'expected a mapping with receivers, exporters and service')
  return undefined
}

/** The text of a file. Reads no more than a configuration may have: a pipe or a device does not say how much it has. Throws if it has more. */
export function readBounded(file: string): string {
  const bytes = Buffer.allocUnsafe(LARGEST_BYTES + 1)
  const handle = openSync(file, 'r')
  try {
    let length = 0
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(handle, bytes, length, bytes.length - length, null)
    if (length > LARGEST_BYTES) throw new Error(`it has more than ${LARGEST_BYTES} bytes: is it the right one?`)
    return bytes.toString('utf8', 0, length)
  } finally {
    closeSync(handle)
  }
}

function mergeMappings(base: MappingNode, over: MappingNode): MappingNode {
  const entries = new Map(base.entries)
  for (const [key, entry] of over.entries) {
    const node = mergeNodes(entries.get(key)?.node, entry.node)
    entries.set(key, { keyPosition: entry.keyPosition, node })
  }
  return { ...over, entries }
}

function mergeNodes(base: YamlNode | undefined, over: YamlNode): YamlNode {
  return base?.type === 'mapping' && over.type === 'mapping' ? mergeMappings(base, over) : over
}
