import type { IncomingHttpHeaders } from 'node:http'
import type { Authenticator, Identity } from '../../plugin/access.ts'
import { credentialsOf, unauthorized } from './credentials.ts'
import type { SecretSet } from './secret-set.ts'

/** https://www.rfc-editor.org/rfc/rfc7617: one of some users with a password. */
export class BasicAuthenticator implements Authenticator {
  /** By user. */
  readonly #passwords: ReadonlyMap<string, SecretSet>

  constructor(passwords: ReadonlyMap<string, SecretSet>) {
    this.#passwords = passwords
  }

  async authenticate(headers: IncomingHttpHeaders): Promise<Identity> {
    const text = Buffer.from(credentialsOf(headers, 'Basic'), 'base64').toString('utf8')
    const colon = text.indexOf(':')
    const user = text.slice(0, Math.max(0, colon))
    const owner = this.#passwords.get(user)?.ownerOf(text.slice(colon + 1))
    if (colon < 0 || owner === undefined) throw unauthorized('Basic', 'this user or this password is not known')
    return owner
  }
}
