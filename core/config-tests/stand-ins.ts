import type { ComponentConfig, ResolvedConfig } from '../config/resolved.ts'
import type { Context } from '../plugin/context.ts'
import type { ExporterPlugin, Plugin, Receiver, ReceiverPlugin } from '../plugin/contract.ts'
import type { Recorder } from './recorder.ts'

/** Makes configurations run without the world outside: receivers do not listen, and exporters export to a recorder. */
export class StandIns {
  readonly #recorder: Recorder
  readonly #stateDir: string
  /** Data and positions that sources of receivers keep, by id. */
  readonly #sources = new Map<string, Map<string, unknown>>()
  /** A reload compares plugins: the same one has the same stand-in. */
  readonly #plugins = new Map<Plugin, Plugin>()

  /** @param stateDir takes the place of `service.state_dir` */
  constructor(recorder: Recorder, stateDir: string) {
    this.#recorder = recorder
    this.#stateDir = stateDir
  }

  configOf(config: ResolvedConfig): ResolvedConfig {
    const { components, service } = config
    const replaced = (kind: 'receiver' | 'exporter', configOf: (own: unknown) => unknown) =>
      new Map(
        [...components[kind]].map(([id, entry]): [string, ComponentConfig] => [
          id,
          { ...entry, plugin: this.#pluginOf(entry.plugin), config: configOf(entry.config) }
        ])
      )
    return {
      ...config,
      components: {
        ...components,
        receiver: replaced('receiver', withoutCertificates),
        exporter: replaced('exporter', own => own)
      },
      service: {
        ...service,
        // They serve people, who ask nothing here.
        extensions: [],
        workers: 0,
        state_dir: service.state_dir && this.#stateDir,
        journal: service.journal && { ...service.journal, compression: 'none' }
      }
    }
  }

  #pluginOf(plugin: Plugin): Plugin {
    const known = this.#plugins.get(plugin)
    if (known !== undefined) return known
    const made = plugin.kind === 'receiver' ? this.#fed(plugin) : this.#recording(plugin as ExporterPlugin)
    this.#plugins.set(plugin, made)
    return made
  }

  #fed(plugin: ReceiverPlugin): ReceiverPlugin {
    const create = (config: unknown, context: Context) => {
      if (plugin.feeding?.create === undefined) return withoutStart(plugin.create(config, context))
      const source = this.#sources.get(context.id) ?? new Map<string, unknown>()
      this.#sources.set(context.id, source)
      return plugin.feeding.create(config, context, source)
    }
    return { ...plugin, create }
  }

  #recording(plugin: ExporterPlugin): ExporterPlugin {
    return { ...plugin, create: (config, { id }) => this.#recorder.exporterOf(id, plugin, config) }
  }
}

/** The options of a receiver without those by `TLS_SCHEMA`, wherever they stand: nothing listens, and files need not be there. */
function withoutCertificates(options: unknown): unknown {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return options
  const kept = Object.entries(options).filter(([key, value]) => !(key === 'tls' && value?.cert_file !== undefined))
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutCertificates(value)]))
}

/** The receiver, but for what would make it listen. */
function withoutStart(receiver: Receiver): Receiver {
  return {
    get batches$() {
      return receiver.batches$
    },
    feed: receiver.feed?.bind(receiver),
    drain: receiver.drain?.bind(receiver),
    stop: receiver.stop?.bind(receiver),
    snapshot: receiver.snapshot?.bind(receiver),
    snapshotInSteps: receiver.snapshotInSteps?.bind(receiver),
    restore: receiver.restore?.bind(receiver),
    committed: receiver.committed?.bind(receiver)
  }
}
