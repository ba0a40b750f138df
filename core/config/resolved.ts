import type { Kind, Plugin } from '../plugin/contract.ts'
import type { SendingQueueConfig } from './exporter-options.ts'
import type { Position } from './problems.ts'
import type { Secrets } from './secrets.ts'
import type { ServiceConfig } from './service.ts'

/** A component of the configuration, ready to be created. */
export interface ComponentConfig {
  /** `type` or `type/name`. */
  readonly id: string
  readonly plugin: Plugin
  readonly config: unknown
  /** Exporters only. */
  readonly sendingQueue?: SendingQueueConfig
  readonly position: Position
}

export interface ResolvedConfig {
  readonly files: readonly string[]
  readonly components: Readonly<Record<Kind, ReadonlyMap<string, ComponentConfig>>>
  readonly service: ServiceConfig
  /** Not to be shown to anybody. */
  readonly secrets: Secrets
}
