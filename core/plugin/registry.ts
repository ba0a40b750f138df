import { WeirError } from '../errors.ts'
import { API_VERSION, CAPABILITIES, type Kind, OLDEST_API_VERSION, type PipelineKind, type Plugin } from './contract.ts'
import { importPlugin } from './loader.ts'

/** Modules are loaded when a configuration names them, so that a start pays for nothing else. */
export type BuiltIns = Readonly<Record<Kind, Readonly<Record<string, () => Promise<unknown>>>>>

export const PIPELINE_KINDS: readonly PipelineKind[] = ['receiver', 'processor', 'exporter']
export const KINDS: readonly Kind[] = [...PIPELINE_KINDS, 'extension']
const TYPE_PATTERN = /^[a-z][a-z0-9_]*$/
const ITEM_TYPES: readonly string[] = ['points', 'events']
const PORTS = [...ITEM_TYPES, 'any']
const STABILITIES = ['development', 'alpha', 'beta', 'stable']
const PORTS_OF: Record<Kind, readonly string[]> = {
  receiver: ['out'],
  processor: ['in', 'out'],
  exporter: ['in'],
  extension: []
}

/** A module of plugins, as a configuration names it. */
export interface ModuleSource {
  readonly specifier: string
  readonly fromFile: string
}

/** Which plugin a type name means. */
export class Registry {
  #builtIns: BuiltIns
  #added = new Map<string, Plugin>()
  #sources = new Map<Plugin, ModuleSource>()

  constructor(builtIns: BuiltIns) {
    this.#builtIns = builtIns
  }

  types(kind: Kind): string[] {
    const added = [...this.#added.values()].filter(plugin => plugin.kind === kind)
    return [...new Set([...Object.keys(this.#builtIns[kind]), ...added.map(plugin => plugin.type)])].sort()
  }

  /** The plugins of all modules added so far. */
  get added(): Plugin[] {
    return [...this.#added.values()]
  }

  async find(kind: Kind, type: string): Promise<Plugin | undefined> {
    const added = this.#added.get(`${kind} ${type}`)
    if (added !== undefined) return added
    const load = Object.hasOwn(this.#builtIns[kind], type) ? this.#builtIns[kind][type] : undefined
    return load === undefined ? undefined : pluginsOf(await load(), type)[0]
  }

  /** The module that brought a plugin. Undefined for a built-in one. */
  sourceOf(plugin: Plugin): ModuleSource | undefined {
    return this.#sources.get(plugin)
  }

  /**
   * Adds the plugins of a module: an npm package or a path (`./x.ts`) as seen from `fromFile`. Its default export is
   * one plugin or an array of them. Resolves to warnings for its author. Throws `PLUGIN_INVALID`.
   */
  async add(specifier: string, fromFile: string): Promise<string[]> {
    const plugins = pluginsOf(await importPlugin(specifier, fromFile), specifier)
    for (const plugin of plugins) {
      const name = `${plugin.kind} ${plugin.type}`
      // A reload reads the configuration again; the module is the same.
      if (this.#added.get(name) === plugin) continue
      if (this.#added.has(name) || Object.hasOwn(this.#builtIns[plugin.kind], plugin.type)) {
        throw new WeirError(
          'PLUGIN_INVALID',
          `"${specifier}" brings a ${name}, but there is one already; rename its type`
        )
      }
      this.#added.set(name, plugin)
      this.#sources.set(plugin, { specifier, fromFile })
    }
    return plugins.filter(({ api }) => api < API_VERSION).map(plugin => deprecation(specifier, plugin))
  }
}

function pluginsOf(module: unknown, source: string): Plugin[] {
  const exported = (module as { default?: unknown }).default
  const plugins = Array.isArray(exported) ? exported : [exported]
  for (const plugin of plugins) {
    const wrong = whatIsWrong(plugin)
    if (wrong !== undefined) throw new WeirError('PLUGIN_INVALID', `"${source}" is not a plugin: ${wrong}`)
  }
  return plugins
}

function deprecation(specifier: string, { kind, type, api }: Plugin): string {
  return `"${specifier}": ${kind} ${type} is written for plugin api ${api}, which a later Weir will refuse; this one has api ${API_VERSION}: see "Versions" in docs/plugins.md`
}

/** Why a plugin cannot run with this version of the contract. */
function whatIsWrongWithVersion({ api, needs = [] }: Partial<Plugin>): string | undefined {
  if (!(Number(api) >= OLDEST_API_VERSION && Number(api) <= API_VERSION)) {
    const isNewer = Number(api) > API_VERSION
    return `it is written for plugin api ${api}, this Weir has api ${OLDEST_API_VERSION} to ${API_VERSION}; update ${isNewer ? 'Weir' : 'the plugin'}`
  }
  const missing = needs.filter(name => !(CAPABILITIES as readonly string[]).includes(name))
  return missing.length === 0 ? undefined : `it needs ${missing.join(', ')}, which this Weir does not have; update Weir`
}

// The conditions that hold before any code of a plugin runs. Undefined if they all do.
function whatIsWrong(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'its default export is not an object with api, kind and type'
  const plugin = value as Partial<Plugin> & { ports?: Record<string, unknown> }
  const version = whatIsWrongWithVersion(plugin)
  if (version !== undefined) return version
  if (!KINDS.includes(plugin.kind as Kind)) return `kind is "${plugin.kind}", must be one of ${KINDS.join(', ')}`
  if (!TYPE_PATTERN.test(plugin.type ?? '')) return `type is "${plugin.type}", must be lower_snake_case`
  if (!STABILITIES.includes(plugin.stability ?? '')) return `stability must be one of ${STABILITIES.join(', ')}`
  if (typeof plugin.description !== 'string') return 'description must be a sentence'
  if (plugin.schema?.type !== 'object' || typeof plugin.schema.properties !== 'object') {
    return 'schema must be a JSON Schema with type "object" and properties'
  }
  if (typeof plugin.create !== 'function') return 'create must be a function'
  return whatIsWrongWithPorts(plugin.kind as Kind, plugin.ports ?? {})
}

function whatIsWrongWithPorts(kind: Kind, ports: Readonly<Record<string, unknown>>): string | undefined {
  const isPort = (side: string) => {
    const port = ports[side]
    if (kind !== 'receiver' || !Array.isArray(port)) return PORTS.includes(String(port))
    return port.length > 0 && port.every(type => ITEM_TYPES.includes(type))
  }
  const bad = PORTS_OF[kind].find(side => !isPort(side))
  if (bad === undefined) return undefined
  const list = kind === 'receiver' ? `, or a list of ${ITEM_TYPES.join(' and ')}` : ''
  return `ports.${bad} must be one of ${PORTS.join(', ')}${list}`
}
