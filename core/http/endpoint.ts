import type { JsonSchema } from '../plugin/contract.ts'

const PORT_PATTERN = '([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])'
export const ENDPOINT_PATTERN = `^([^:\\s[\\]/]+|\\[[0-9a-fA-F:.]+\\]):${PORT_PATTERN}$`

export interface Endpoint {
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
}

/** Schema of an address to listen on, such as `127.0.0.1:4318`, `0.0.0.0:4318` or `[::1]:4318`. */
export function endpoint(options: { description: string; default?: string }): JsonSchema {
  return { type: 'string', pattern: ENDPOINT_PATTERN, 'x-expected': 'host:port such as 127.0.0.1:4318', ...options }
}

/** The text matches {@link ENDPOINT_PATTERN}. */
export function parseEndpoint(text: string): Endpoint {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon)
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port: Number(text.slice(colon + 1)) }
}

/** As users write it. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
