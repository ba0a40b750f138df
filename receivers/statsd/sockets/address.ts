import { type Endpoint, formatEndpoint, parseEndpoint } from '../../../core/http/endpoint.ts'

export type Address =
  | { readonly transport: 'udp' | 'tcp'; readonly endpoint: Endpoint }
  | { readonly transport: 'unix'; readonly path: string }

/** The text matches the pattern of `listen`. */
export function parseAddress(text: string): Address {
  const [transport, rest] = text.split('://', 2)
  if (transport === 'unix') return { transport, path: rest }
  return { transport: transport === 'tcp' ? 'tcp' : 'udp', endpoint: parseEndpoint(rest) }
}

/** As users write it. */
export function formatAddress(address: Address): string {
  const { transport } = address
  return `${transport}://${transport === 'unix' ? address.path : formatEndpoint(address.endpoint)}`
}
