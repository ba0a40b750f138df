import { describeError, type WeirError } from '../errors.ts'
import type { ConfigSchema, Kind, Plugin } from '../plugin/contract.ts'
import { KINDS, type Registry } from '../plugin/registry.ts'
import { checkAccess } from './access-rules.ts'
import { applyToNode } from './apply.ts'
import { checkCorrections } from './corrections.ts'
import { type MappingNode, nodeAt, toValue, type YamlNode } from './document.ts'
import type { Environment } from './environment.ts'
import { SENDING_QUEUE_SCHEMA, type SendingQueueConfig } from './exporter-options.ts'
import { checkGraph, withArticle } from './graph.ts'
import { loadConfig } from './load.ts'
import { checkPartitioned } from './partitioned.ts'
import { formatPath, type Position, Problems, suggest } from './problems.ts'
import { checkRejecting } from './rejecting.ts'
import type { ComponentConfig, ResolvedConfig } from './resolved.ts'
import { reportSchemaErrors } from './schema-errors.ts'
import { SERVICE_SCHEMA, type ServiceConfig } from './service.ts'
import { checkStoreNames } from './store-names.ts'
import { checkUnaggregated } from './unaggregated.ts'

// Names stand in URLs and file names.
const NAME = /^(?!\.+$)[\w.-]+$/
const NAME_RULE = 'a name consists of letters, digits, _, - and .'
const SECTIONS = ['plugins', ...KINDS.map(kind => `${kind}s`), 'service']

/**
 * Loads, merges and checks configuration files. `config` is undefined when `problems` has errors; all of them are
 * found, not just the first.
 */
export async function readConfig(
  files: readonly string[],
  env: Environment,
  registry: Registry
): Promise<{ config: ResolvedConfig | undefined; problems: Problems }> {
  const problems = new Problems()
  const root = loadConfig(files, env, problems)
  if (root === undefined) return { config: undefined, problems }
  checkSections(root, problems)
  await loadPlugins(root, registry, problems)
  const components = {
    receiver: await readComponents(root, 'receiver', registry, problems),
    processor: await readComponents(root, 'processor', registry, problems),
    exporter: await readComponents(root, 'exporter', registry, problems),
    extension: await readComponents(root, 'extension', registry, problems)
  }
  const service = readService(root, problems)
  checkGraph(root, components, problems)
  if (problems.hasErrors || service === undefined) return { config: undefined, problems }
  const config = { files, components, service, secrets: problems.secrets }
  checkAccess(root, config, problems)
  checkStoreNames(root, config, problems)
  checkCorrections(config, problems)
  checkRejecting(components.processor.values(), service, problems)
  checkPartitioned(config, problems)
  checkUnaggregated(config, problems)
  return { config: problems.hasErrors ? undefined : config, problems }
}

/** The options that users may write for a component of this plugin, including those of an exporter's sending queue. */
export function fullSchema(plugin: Plugin): ConfigSchema {
  if (plugin.kind !== 'exporter') return plugin.schema
  return { ...plugin.schema, properties: { ...plugin.schema.properties, ...SENDING_QUEUE_SCHEMA.properties } }
}

function checkSections(root: MappingNode, problems: Problems): void {
  for (const [key, { keyPosition, node }] of root.entries) {
    if (!SECTIONS.includes(key)) problems.error(keyPosition, `unknown section "${key}"${suggest(key, SECTIONS)}`)
    else if (key !== 'plugins' && node.type !== 'mapping') problems.error(node.position, `${key}: expected a mapping`)
  }
}

async function loadPlugins(root: MappingNode, registry: Registry, problems: Problems): Promise<void> {
  const list = root.entries.get('plugins')?.node
  if (list === undefined) return
  if (list.type !== 'sequence')
    return problems.error(list.position, 'plugins: expected a list of npm packages and paths')
  for (const item of list.items) {
    const specifier = toValue(item)
    if (typeof specifier !== 'string') {
      problems.error(item.position, 'plugins: expected an npm package or a path such as ./my-processor.ts')
      continue
    }
    try {
      for (const warning of await registry.add(specifier, item.position.file)) problems.warn(item.position, warning)
    } catch (error) {
      problems.error(item.position, (error as WeirError).message)
    }
  }
}

async function readComponents(
  root: MappingNode,
  kind: Kind,
  registry: Registry,
  problems: Problems
): Promise<Map<string, ComponentConfig>> {
  const components = new Map<string, ComponentConfig>()
  const section = root.entries.get(`${kind}s`)?.node
  if (section?.type !== 'mapping') return components
  for (const [id, { keyPosition, node }] of section.entries) {
    const type = id.split('/')[0]
    if (id.includes('/') && !NAME.test(id.slice(type.length + 1)))
      problems.error(keyPosition, `${kind} "${id}": after the slash, ${NAME_RULE}`)
    const plugin = await registry.find(kind, type)
    if (plugin === undefined) {
      problems.error(keyPosition, await unknownType(kind, type, registry))
      continue
    }
    try {
      components.set(id, readComponent(id, plugin, node, keyPosition, problems))
    } catch (error) {
      const why = describeError(error)
      problems.error(keyPosition, `${kind} "${id}": its plugin fails over these options: ${why}; tell its author`)
    }
  }
  return components
}

function readComponent(
  id: string,
  plugin: Plugin,
  node: YamlNode,
  position: Position,
  problems: Problems
): ComponentConfig {
  const schema = fullSchema(plugin)
  const { value, errors } = applyToNode(schema, node)
  problems.secrets.addMarked(schema, value)
  reportSchemaErrors(errors, node, problems)
  if (errors.length > 0) return { id, plugin, config: undefined, position }
  const { own, sendingQueue } = separateQueue(plugin, value as Record<string, unknown>)
  for (const { path, message } of plugin.check?.(own) ?? []) {
    const at = nodeAt(node, path)
    problems.error(
      at === node ? position : at.position,
      path.length === 0 ? message : `${formatPath(path)}: ${message}`
    )
  }
  return { id, plugin, config: own, sendingQueue, position }
}

function separateQueue(
  plugin: Plugin,
  value: Record<string, unknown>
): { own: unknown; sendingQueue?: SendingQueueConfig } {
  if (plugin.kind !== 'exporter') return { own: value }
  const entries = Object.entries(value)
  const isSendingQueue = ([key]: [string, unknown]) => key in SENDING_QUEUE_SCHEMA.properties
  return {
    own: Object.fromEntries(entries.filter(entry => !isSendingQueue(entry))),
    sendingQueue: Object.fromEntries(entries.filter(isSendingQueue)) as unknown as SendingQueueConfig
  }
}

async function unknownType(kind: Kind, type: string, registry: Registry): Promise<string> {
  for (const other of KINDS) {
    if (other !== kind && (await registry.find(other, type)))
      return `"${type}" is ${withArticle(other)}, not ${withArticle(kind)}; move it to ${other}s`
  }
  return `unknown ${kind} "${type}"${suggest(type, registry.types(kind))}`
}

function readService(root: MappingNode, problems: Problems): ServiceConfig | undefined {
  const node = root.entries.get('service')?.node
  if (node === undefined) {
    problems.error(root.position, 'missing section "service": it says which pipelines run')
    return undefined
  }
  if (node.type !== 'mapping') return undefined
  const pipelines = node.entries.get('pipelines')?.node
  for (const [name, { keyPosition }] of pipelines?.type === 'mapping' ? pipelines.entries : [])
    if (!NAME.test(name)) problems.error(keyPosition, `pipeline "${name}": ${NAME_RULE}`)
  const { value, errors } = applyToNode(SERVICE_SCHEMA, node)
  problems.secrets.addMarked(SERVICE_SCHEMA, value)
  reportSchemaErrors(errors, node, problems)
  return errors.length > 0 ? undefined : (value as ServiceConfig)
}
