import type { ConfigProblem, JsonSchema } from '../plugin/contract.ts'
import { duration, formatDuration } from '../schema/units.ts'

/** How long clients may take and how many connections they may have: options of every HTTP receiver, in ms. */
export interface ConnectionLimits {
  readonly read_header_timeout: number
  readonly read_timeout: number
  readonly idle_timeout: number
  readonly max_connections_per_address: number
}

export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = {
  read_header_timeout: 10_000,
  read_timeout: 60_000,
  // Longer than OpenTelemetry's usual minute between exports: the client should be the one that closes an idle
  // connection, or its next request may meet one that is just going.
  idle_timeout: 75_000,
  max_connections_per_address: 1024
}

/** Properties for the schema of a receiver. The times are named as in the OpenTelemetry Collector. */
export const CONNECTION_OPTIONS = {
  read_header_timeout: duration({
    description: 'Time for the headers of a request, from its first byte or from the connection; at most read_timeout.',
    default: formatDuration(DEFAULT_CONNECTION_LIMITS.read_header_timeout)
  }),
  read_timeout: duration({
    description: 'Time for a whole request. One that is slower is answered with 503.',
    default: formatDuration(DEFAULT_CONNECTION_LIMITS.read_timeout)
  }),
  idle_timeout: duration({
    description: 'Time that a connection may idle between two requests.',
    default: formatDuration(DEFAULT_CONNECTION_LIMITS.idle_timeout)
  }),
  max_connections_per_address: {
    type: 'integer',
    minimum: 1,
    description: 'Connections of one client address at a time. A proxy in front is one address.',
    default: DEFAULT_CONNECTION_LIMITS.max_connections_per_address
  }
} satisfies Record<keyof ConnectionLimits, JsonSchema>

const TIMES = ['read_header_timeout', 'read_timeout', 'idle_timeout'] as const

/** @param path of the options in the configuration of the receiver */
export function checkConnectionLimits(
  limits: Partial<ConnectionLimits>,
  path: readonly string[] = []
): ConfigProblem[] {
  return TIMES.filter(name => limits[name] === 0).map(name => ({
    path: [...path, name],
    message: 'it must be more than 0: without a limit, slow clients hold their connections for ever'
  }))
}
