import type { JsonSchema } from '../schema/json-schema.ts'
import { CONNECTION_OPTIONS, type ConnectionLimits } from './connection-limits.ts'
import { TLS_SCHEMA, type TlsConfig } from './tls.ts'

/** Options that every HTTP server of a component has. */
export interface ServerOptions extends ConnectionLimits {
  readonly tls?: TlsConfig
  /** Name in `service.authenticators`. */
  readonly auth?: string
}

/** Keyword of schemas: the value is a name in `service.authenticators`. */
export const AUTHENTICATOR_NAME = 'x-authenticator'

export const AUTH_SCHEMA: JsonSchema = {
  type: 'string',
  minLength: 1,
  [AUTHENTICATOR_NAME]: true,
  description: 'Entry of `service.authenticators` that tells senders by their credentials. Without it anybody may send.'
}

/** Properties for the schema of a component with a server. */
export const SERVER_OPTIONS = {
  ...CONNECTION_OPTIONS,
  tls: TLS_SCHEMA,
  auth: AUTH_SCHEMA
} satisfies Record<keyof ServerOptions, JsonSchema>
