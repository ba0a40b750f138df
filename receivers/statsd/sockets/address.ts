import { type Endpoint, formatEndpoint, parseEndpoint } from '../../../core/http/endpoint.ts'

export type StreamAddress =
  | { readonly transport: 'tcp'; readonly endpoint: Endpoint }
  | { readonly transport: 'unix'; readonly path: string }

export type Address =
  | StreamAddress
  | { readonly transport: 'udp'; readonly endpoint: Endpoint }
  | { readonly transport: 'unixgram'; readonly path: string }

/** The text matches the pattern of `listen`. */
export function parseAddress(text: string): Address {
  const [transport, rest] = text.split('://', 2)
  if (transport === 'unix' || transport === 'unixgram') return { transport, path: rest }
  return { transport: transport === 'tcp' ? 'tcp' : 'udp', endpoint: parseEndpoint(rest) }
}

/** As users write it. */
export function formatAddress(address: Address): string {
  return `${address.transport}://${'path' in address ? address.path : formatEndpoint(address.endpoint)}`
}
