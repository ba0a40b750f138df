import { Draft, type Section } from '../draft.ts'
import { mapTexts, Options } from '../options.ts'
import { EXPORTERS } from './exporters.ts'
import { authenticatorOf, importExtensions } from './extensions.ts'
import { withoutTwin } from './hints.ts'
import { PipelineImport, type PipelineParts } from './pipelines.ts'
import { PROCESSORS } from './processors.ts'
import { RECEIVERS } from './receivers.ts'
import { type Imported, type Importer, nameOf, plainType, type Signal, type Twin, type Twins } from './twin.ts'
import { withVariables } from './variables.ts'

const IMPORTERS: Readonly<Record<Section, Readonly<Record<string, Importer>>>> = {
  receivers: RECEIVERS,
  processors: PROCESSORS,
  exporters: EXPORTERS
}
/** Options of the Collector's own telemetry that need no comment. */
const TELEMETRY = ['metrics', 'resource', 'traces']

/** A configuration of the OpenTelemetry Collector. @param commentOn the user's own comment above a key */
export function importOtelcol(value: unknown, commentOn: (path: readonly string[]) => string | undefined): Draft {
  const draft = new Draft('Written by weir import from a configuration of the OpenTelemetry Collector.')
  const unknown = (reference: string) =>
    draft.breakAtTop(`${reference} has no twin: put its value into a variable, and write \${env:NAME}.`)
  const root = new Options(mapTexts(value, text => withVariables(text, unknown)))
  return new CollectorImport(draft, root, commentOn).run()
}

class CollectorImport {
  readonly #draft: Draft
  readonly #root: Options
  readonly #commentOn: (path: readonly string[]) => string | undefined
  /** By section, signal and id. */
  readonly #done = new Map<string, Imported | undefined>()
  /** By section and id: what the component became for another signal. */
  readonly #same = new Map<string, { readonly text: string; readonly imported: Imported }>()
  readonly #authenticators = new Map<string, string | undefined>()

  constructor(draft: Draft, root: Options, commentOn: (path: readonly string[]) => string | undefined) {
    this.#draft = draft
    this.#root = root
    this.#commentOn = commentOn
  }

  run(): Draft {
    const service = this.#root.at('service')
    const pipelines = new PipelineImport(this.#draft, service.at('pipelines'), this.#root.at('connectors'), {
      component: (section, id, signal) => this.#component(section, id, signal),
      commentOn: path => this.#commentOn(['service', 'pipelines', ...path])
    } satisfies PipelineParts)
    for (const section of ['receivers', 'processors', 'exporters'] as const)
      if (this.#root.has(section)) this.#draft.keepSectionComment(section, this.#commentOn([section]))
    importExtensions(this.#draft, service.texts('extensions'), this.#root.at('extensions'))
    this.#telemetry(service.at('telemetry'))
    pipelines.run()
    this.#unused()
    return this.#draft
  }

  /** The component in Weir; undefined: it has no twin. */
  #component(section: Section, id: string, signal: Signal): Imported | undefined {
    const key = `${section} ${signal} ${id}`
    if (this.#done.has(key)) return this.#done.get(key)
    const imported = this.#read(section, id, signal)
    this.#done.set(key, imported)
    return imported
  }

  #read(section: Section, id: string, signal: Signal): Imported | undefined {
    const type = plainType(id)
    const importer = Object.hasOwn(IMPORTERS[section], type) ? IMPORTERS[section][type] : undefined
    const options = this.#root.at(section).at(id)
    if (this.#root.at(section).has(id)) this.#draft.keepComment(section, this.#commentOn([section, id]))
    if (importer === undefined) {
      this.#draft.note(section, withoutTwin(section.slice(0, -1), id, type))
      return undefined
    }
    const found = importer(options, {
      signal,
      extension: name => (this.#root.at('extensions').has(name) ? this.#root.at('extensions').at(name) : undefined),
      authenticator: name => this.#authenticator(name)
    })
    const text = JSON.stringify([found.twins, found.processors])
    const same = this.#same.get(`${section} ${id}`)
    if (same?.text === text) return same.imported
    const imported = this.#add(section, id, found, options)
    this.#same.set(`${section} ${id}`, { text, imported })
    return imported
  }

  #add(section: Section, id: string, found: Twins, options: Options): Imported {
    const { twins, notes, missing = [], processors = [] } = found
    const all = [...missing, ...notes, ...options.unread().map(option => `${option} has no twin.`)]
    const [only] = all
    const lines = all.length > 1 ? [`${id}:`, ...all.map(note => `- ${note}`)] : all.map(() => `${id}: ${only}`)
    this.#draft.noteOn(section, lines, all.length)
    this.#draft.broken.push(...missing.map(sentence => `${id}: ${sentence}`))
    const ids = twins.map(twin => this.#addTwin(section, id, twin))
    return { ids, processors: processors.map(twin => this.#addTwin('processors', id, twin)) }
  }

  #addTwin(section: Section, id: string, { type, options }: Twin): string {
    const name = nameOf(id)
    const own = section === 'processors' && plainType(id) !== type.replaceAll('_', '')
    // `resource` and `attributes` are both `transform`: the old type tells them apart.
    const suffix = own ? [id.split('/')[0], name].filter(part => part !== '').join('_') : name
    return this.#draft.add(section, suffix === '' ? type : `${type}/${suffix}`, options)
  }

  #authenticator(id: string): string | undefined {
    if (this.#authenticators.has(id)) return this.#authenticators.get(id)
    const found = authenticatorOf(id, this.#root.at('extensions').at(id))
    if (found !== undefined) this.#draft.authenticators.set(found.name, found.value)
    this.#authenticators.set(id, found?.name)
    return found?.name
  }

  #telemetry(telemetry: Options): void {
    const level = telemetry.at('logs').text('level')
    if (level !== undefined && /^(debug|info|warn|error)$/i.test(level))
      this.#draft.service.set('log', { level: level.toLowerCase() })
    else if (level !== undefined)
      this.#draft.note(
        this.#draft.service,
        `telemetry.logs.level: ${level} has no twin: write debug, info, warn or error.`
      )
    for (const key of TELEMETRY) {
      if (telemetry.has(key) && key === 'metrics')
        this.#draft.note(
          this.#draft.service,
          "telemetry.metrics: Weir's own metrics are at /metrics of the admin server."
        )
      telemetry.value(key)
    }
    for (const option of telemetry.unread('telemetry.')) this.#draft.note(this.#draft.service, `${option} has no twin.`)
  }

  /** Components that no pipeline uses do not run in the Collector either. */
  #unused(): void {
    for (const section of ['receivers', 'processors', 'exporters'] as const) {
      const used = new Set(
        [...this.#done.keys()].filter(key => key.startsWith(`${section} `)).map(key => key.split(' ')[2])
      )
      const all = this.#root
        .at(section)
        .keys.filter(id => !used.has(id) && Object.hasOwn(IMPORTERS[section], plainType(id)))
      if (all.length > 0) this.#draft.note(section, `Not used by a pipeline of metrics or logs: ${all.join(', ')}.`)
    }
  }
}
