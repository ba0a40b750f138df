import { tenantIn } from '../../core/kafka/sender-headers.ts'
import type { Context } from '../../sdk/plugin/index.ts'

type Headers = Parameters<typeof tenantIn>[0]

/** Names of further tenants are not looked at: a service has 4096. */
const MOST_NAMES = 8192

/**
 * Makes the tenants of records known to the service, which shows their books. Limits are not for here: gateways hold them,
 * and what is read again has to make the same output.
 */
export class RecordTenants {
  readonly #context: Context
  readonly #seen = new Set<string>()

  constructor(context: Context) {
    this.#context = context
  }

  see(headers: Headers): void {
    const { tenants } = this.#context.access
    const name = tenants === undefined ? undefined : tenantIn(headers)
    if (name === undefined || this.#seen.has(name) || this.#seen.size === MOST_NAMES) return
    this.#seen.add(name)
    try {
      tenants!.withoutRequest(name)
    } catch (error) {
      this.#context.log.warn({ err: error, tenant: name }, 'a tenant of records cannot be one of this service')
    }
  }
}
