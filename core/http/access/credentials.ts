import type { IncomingHttpHeaders } from 'node:http'
import { RequestError } from '../request-error.ts'

export type Scheme = 'Basic' | 'Bearer'

/** https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1 */
export function unauthorized(scheme: Scheme, message: string): RequestError {
  const challenge = scheme === 'Basic' ? 'Basic realm="weir", charset="UTF-8"' : 'Bearer realm="weir"'
  return new RequestError(401, message, { 'www-authenticate': challenge })
}

/** The credentials in the header `Authorization`. Throws 401 if there are none of this scheme. */
export function credentialsOf({ authorization }: IncomingHttpHeaders, scheme: Scheme): string {
  const space = authorization?.indexOf(' ') ?? -1
  const isScheme = authorization?.slice(0, Math.max(0, space)).toLowerCase() === scheme.toLowerCase()
  if (!isScheme) throw unauthorized(scheme, `send credentials in the header "Authorization: ${scheme} …"`)
  return authorization!.slice(space + 1).trim()
}
