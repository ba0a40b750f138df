import type { IncomingHttpHeaders } from 'node:http'
import { WeirError } from '../errors.ts'
import type { Block } from '../model/block.ts'
import type { Account } from '../telemetry/account.ts'

/** The sender of a request, as its credentials say. */
export interface Identity {
  /** For the log: the user, the subject of a token, or the position of a token in its list. */
  readonly subject: string
  /** Undefined if the credentials belong to no tenant. */
  readonly tenant: string | undefined
}

/** Tells senders by their credentials: an entry of `service.authenticators`. */
export interface Authenticator {
  /**
   * Throws `RequestError`: 401 without valid credentials, 503 if it cannot tell now.
   * @param headers of the request, or metadata of the call
   */
  authenticate(headers: IncomingHttpHeaders): Promise<Identity>
}

/** The items of a block that their tenant may have, with its name. */
export interface TenantBlock {
  readonly block: Block
  /** The others, by reason. */
  readonly refused: ReadonlyMap<string, number>
  /** Books them, each as received and dropped, and its tenant's. */
  bookRefused(account: Account): void
  /** Takes the items from the rate. */
  spend(): void
  /** Gives them back, for their sender has to send them again. */
  giveBack(): void
  /**
   * Counts what will not come again. Not before: counters do not fall.
   * @param bytes of the request, 0 without one
   */
  count(bytes: number): void
}

/** Whose items they are, and how many there may be. */
export interface Tenant {
  readonly name: string
  /** Bytes of a body, after decompression. */
  readonly maxBodySize: number
  /** Throws `RequestError` if it has sent more than it may. Called before a request is read. */
  admit(): void
  /** Does `work`, which finds the series of items. They can be new only if the tenant may have more. */
  decode<T>(work: () => T): T
  /**
   * Names the tenant in all items, and leaves out those that break its limits. Throws `RequestError` if it turns out only now
   * that they have sent more than they may.
   */
  label(block: Block): TenantBlock
}

export interface Tenants {
  /**
   * The tenant of items that come without a request. Undefined if there is none.
   * @param name of it, if the configuration says so. Throws `RequestError` if it cannot be one
   */
  withoutRequest(name?: string): Tenant | undefined
  /** The name of the tenant of a request. Throws `RequestError` if it has none. */
  nameOf(identity: Identity | undefined, headers: IncomingHttpHeaders): string
  /** The tenant of a request. Throws `RequestError` if it has none. */
  of(identity: Identity | undefined, headers: IncomingHttpHeaders): Tenant
  /** True for a block that {@link Tenant.label} has made. */
  isLabelled(block: Block): boolean
}

/** Rules of the service for all servers. */
export interface Access {
  /** Undefined if data belongs to no tenants. */
  readonly tenants: Tenants | undefined
  /** The entry of this name in `service.authenticators`. Throws `CONFIG_INVALID` if there is none. */
  authenticator(name: string): Authenticator
}

/** Of a host without a configuration. */
export const NO_ACCESS: Access = {
  tenants: undefined,
  authenticator(name) {
    throw new WeirError('CONFIG_INVALID', `there are no authenticators here, and so no "${name}"`)
  }
}
