import type { JsonSchema } from './json-schema.ts'

const PORT_PATTERN = '([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])'
export const ENDPOINT_PATTERN = `^([^:\\s[\\]/]+|\\[[0-9a-fA-F:.]+\\]):${PORT_PATTERN}$`

/** Schema of an address to listen on, such as `127.0.0.1:4318`, `0.0.0.0:4318` or `[::1]:4318`. */
export function endpoint(options: { description: string; default?: string }): JsonSchema {
  return { type: 'string', pattern: ENDPOINT_PATTERN, 'x-expected': 'host:port such as 127.0.0.1:4318', ...options }
}
