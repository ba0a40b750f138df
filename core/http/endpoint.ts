import { isIP, isIPv4 } from 'node:net'

export interface Endpoint {
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
}

/** The text matches `ENDPOINT_PATTERN`. */
export function parseEndpoint(text: string): Endpoint {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon)
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port: Number(text.slice(colon + 1)) }
}

/** As users write it. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** A host that only programs of this machine reach. */
export function isLoopback(host: string): boolean {
  if (isIP(host) > 0) return host === '::1' || (isIPv4(host) && host.startsWith('127.'))
  return host === 'localhost' || host.endsWith('.localhost')
}
