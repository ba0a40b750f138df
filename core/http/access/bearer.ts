import type { IncomingHttpHeaders } from 'node:http'
import type { Authenticator, Identity } from '../../plugin/access.ts'
import { credentialsOf, unauthorized } from './credentials.ts'
import type { SecretSet } from './secret-set.ts'

/** https://www.rfc-editor.org/rfc/rfc6750, section 2.1: one of some tokens in the header `Authorization`. */
export class BearerAuthenticator implements Authenticator {
  readonly #tokens: SecretSet

  constructor(tokens: SecretSet) {
    this.#tokens = tokens
  }

  async authenticate(headers: IncomingHttpHeaders): Promise<Identity> {
    const token = credentialsOf(headers, 'Bearer')
    const owner = this.#tokens.ownerOf(token)
    if (owner === undefined) throw unauthorized('Bearer', 'this bearer token is not known')
    return owner
  }
}
