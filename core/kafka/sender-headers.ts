import { clientNumberIn } from '../wire/otlp/client-number.ts'

// Headers that say whose items a record has, if that is known. A record has those of one tenant, and of one request.
export const TENANT_HEADER = 'weir-tenant'
/** `client EPOCH SEQUENCE ID`: the number that a client gave the request. */
export const CLIENT_HEADER = 'weir-client'

type Headers = readonly (readonly [name: Buffer | null, value: Buffer | null])[]

/** The name of the request that a record is of, for `Origin`. Undefined if the record does not say. */
export function requestIn(headers: Headers): string | undefined {
  const value = textOf(headers, CLIENT_HEADER)
  return clientNumberIn(value) === undefined ? undefined : value
}

/** Undefined if the record does not say. */
export const tenantIn = (headers: Headers) => textOf(headers, TENANT_HEADER)

const textOf = (headers: Headers, wanted: string) =>
  headers.find(([name]) => name?.toString() === wanted)?.[1]?.toString()
