import type { IncomingHttpHeaders } from 'node:http'
import type { Authenticator, Identity, Tenant, Tenants } from '../plugin/access.ts'
import type { Context } from '../plugin/context.ts'
import { unavailable } from './request-error.ts'

/**
 * `starting`: requests come before the pipelines are ready. `draining`: they come while the last data goes out. Both are
 * answered so that the sender tries again.
 */
export type ServingPhase = 'starting' | 'serving' | 'draining'

/** Decides whether a server reads a request, before it reads any of it. */
export class Admission {
  readonly #authenticator: Authenticator | undefined
  readonly #tenants: Tenants | undefined

  /** @param auth name in `service.authenticators` */
  constructor(auth: string | undefined, { access }: Pick<Context, 'access'>) {
    this.#tenants = access.tenants
    this.#authenticator = auth === undefined ? undefined : access.authenticator(auth)
  }

  /**
   * The tenant of a request, if data belongs to tenants. Throws `RequestError`.
   * @param headers of the request, or metadata of the call
   */
  async admit(phase: ServingPhase, headers: IncomingHttpHeaders): Promise<Tenant | undefined> {
    const identity = await this.#identify(phase, headers)
    const tenant = this.#tenants?.of(identity, headers)
    tenant?.admit()
    return tenant
  }

  /** The name of the tenant whose data a request reads, if data belongs to tenants. Throws `RequestError`. */
  async admitReader(phase: ServingPhase, headers: IncomingHttpHeaders): Promise<string | undefined> {
    const identity = await this.#identify(phase, headers)
    return this.#tenants?.nameOf(identity, headers)
  }

  async #identify(phase: ServingPhase, headers: IncomingHttpHeaders): Promise<Identity | undefined> {
    if (phase === 'starting') throw unavailable('this server is starting: send this again')
    if (phase === 'draining') throw unavailable('this server is stopping: send this again')
    return this.#authenticator?.authenticate(headers)
  }
}
