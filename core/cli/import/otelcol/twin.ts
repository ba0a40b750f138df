import type { Options } from '../options.ts'
import type { Yaml } from '../yaml.ts'

export type Signal = 'metrics' | 'logs'

/** A component of Weir. */
export interface Twin {
  readonly type: string
  readonly options: Yaml
}

/** The components that one of the Collector becomes. */
export interface Twins {
  /** None: it is left out. */
  readonly twins: readonly Twin[]
  /** Sentences on what has no twin, or differs. */
  readonly notes: readonly string[]
  /** Sentences on what is asked of data and would not be done, such as a filter: the exit code tells too. */
  readonly missing?: readonly string[]
  /** Processors behind a receiver, or before an exporter. */
  readonly processors?: readonly Twin[]
}

export interface Surroundings {
  readonly signal: Signal
  /** Options of the extension with an id, such as `basicauth/client`. */
  readonly extension: (id: string) => Options | undefined
  /** Name under `service.authenticators` of the extension with an id, which is added. Undefined: it has no twin. */
  readonly authenticator: (id: string) => string | undefined
}

/** Components in Weir: of a processor any number, before or behind others too. */
export interface Imported {
  readonly ids: readonly string[]
  /** Behind a receiver, or before an exporter. */
  readonly processors: readonly string[]
}

/** Options whose component has a twin are asked for; all others get a comment. */
export type Importer = (options: Options, surroundings: Surroundings) => Twins

/** `prometheusremotewrite` and `prometheus_remote_write` are one. */
export const plainType = (id: string) => id.split('/')[0].replaceAll('_', '')

export const nameOf = (id: string) =>
  id
    .split('/')
    .slice(1)
    .join('_')
    .replaceAll(/[^\w.-]/g, '_')

/** Without the keys that are undefined. */
export function given(options: Readonly<Record<string, Yaml | undefined>>): { [key: string]: Yaml } {
  return Object.fromEntries(Object.entries(options).filter((entry): entry is [string, Yaml] => entry[1] !== undefined))
}
