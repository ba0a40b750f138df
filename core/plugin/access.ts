import type { IncomingHttpHeaders } from 'node:http'
import { WeirError } from '../errors.ts'

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

/** Rules of the service for all servers. */
export interface Access {
  /** The entry of this name in `service.authenticators`. Throws `CONFIG_INVALID` if there is none. */
  authenticator(name: string): Authenticator
}

/** Of a host without a configuration. */
export const NO_ACCESS: Access = {
  authenticator(name) {
    throw new WeirError('CONFIG_INVALID', `there are no authenticators here, and so no "${name}"`)
  }
}
