import type { Logger } from 'pino'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import type { Access, Authenticator } from '../../plugin/access.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { TenantsConfig } from '../tenants/config.ts'
import { TenantMeters } from '../tenants/meters.ts'
import { ConfiguredTenants } from '../tenants/tenants.ts'
import { Authenticators } from './authenticators.ts'
import type { AuthenticatorConfig } from './config.ts'

/** The parts of `service` that say who may send, and how much. */
export interface AccessConfig {
  readonly authenticators: Readonly<Record<string, AuthenticatorConfig>>
  readonly tenants?: TenantsConfig | undefined
}

interface AccessHost {
  readonly clock: Clock
  readonly log: Logger
  readonly series: SeriesTable
  /** Number of this thread, from 0, and of all. */
  readonly thread: number
  readonly threads: number
}

/** The rules of a configuration, in one thread. */
export class ServiceAccess implements Access {
  readonly tenants: ConfiguredTenants | undefined
  /** Figures of tenants, for other threads. */
  readonly memory: SharedArrayBuffer | undefined
  readonly #authenticators: Authenticators

  /** @param memory of the first thread */
  constructor({ authenticators, tenants }: AccessConfig, host: AccessHost, memory?: SharedArrayBuffer) {
    this.#authenticators = new Authenticators(authenticators, host)
    if (tenants === undefined) return
    const meters = new TenantMeters(host.threads, host.thread, memory)
    this.memory = meters.memory
    this.tenants = new ConfiguredTenants(tenants, meters, host)
  }

  authenticator(name: string): Authenticator {
    return this.#authenticators.authenticator(name)
  }
}
