import type { ConfigProblem, JsonSchema } from '../../schema/json-schema.ts'
import type { JwtConfig } from './jwt.ts'

/** An entry of `service.authenticators`: one of these. */
export interface AuthenticatorConfig {
  readonly bearer?: { readonly tokens: readonly TokenConfig[] }
  readonly basic?: { readonly users: readonly UserConfig[] }
  readonly jwt?: JwtConfig
}

export interface TokenConfig {
  readonly token?: string
  readonly token_file?: string
  readonly tenant?: string
}

export interface UserConfig {
  readonly username: string
  readonly password?: string
  readonly password_file?: string
  readonly tenant?: string
}

/** Mimir's rule, so that names fit in headers, labels, paths and files. */
export const TENANT_PATTERN = "^(?!\\.{1,2}$)[A-Za-z0-9!_.*'()-]{1,150}$"

const file = (description: string) => ({ type: 'string', minLength: 1, description })
const tenant = {
  type: 'string',
  pattern: TENANT_PATTERN,
  'x-expected': "a name of at most 150 letters, digits and !-_.*'()",
  description: 'Tenant that requests with it belong to.'
}

const object = (properties: Record<string, JsonSchema>, required: readonly string[], description: string) => ({
  type: 'object',
  additionalProperties: false,
  description,
  required,
  properties
})

const TOKENS = object(
  {
    tokens: {
      type: 'array',
      minItems: 1,
      description: 'The tokens that are known.',
      items: object(
        {
          token: { type: 'string', minLength: 1, writeOnly: true, description: 'The token; better by `${env:…}`.' },
          token_file: file('File with the token, read again when it changes.'),
          tenant
        },
        [],
        'One of `token` and `token_file`.'
      )
    }
  },
  ['tokens'],
  'Header `Authorization: Bearer <token>`.'
)

const USERS = object(
  {
    users: {
      type: 'array',
      minItems: 1,
      description: 'The users that are known.',
      items: object(
        {
          username: {
            type: 'string',
            pattern: '^[^:]+$',
            'x-expected': 'a name without a colon',
            description: 'Name of the user.'
          },
          password: {
            type: 'string',
            minLength: 1,
            writeOnly: true,
            description: 'The password; better by `${env:…}`.'
          },
          password_file: file('File with the password, read again when it changes.'),
          tenant
        },
        ['username'],
        'One of `password` and `password_file`.'
      )
    }
  },
  ['users'],
  'Header `Authorization: Basic …`: user and password.'
)

/** Signatures by public keys. By a secret that both sides have, anybody who can check a token could make one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']

const JWT = object(
  {
    issuer: { type: 'string', minLength: 1, description: 'Issuer of the tokens (`iss`).' },
    audience: {
      type: 'array',
      items: { type: 'string' },
      minItems: 1,
      description: 'Names of this service: a token must be for one of them (`aud`).'
    },
    jwks_file: file("File with the issuer's keys (JWKS), read again when it changes."),
    jwks_url: {
      type: 'string',
      pattern: '^https?://',
      'x-expected': 'an URL',
      description: "URL of the issuer's keys. Without it and a file, OpenID Connect discovery at the issuer finds it."
    },
    algorithms: {
      type: 'array',
      items: { type: 'string', enum: ALGORITHMS },
      minItems: 1,
      description: 'Signatures that are accepted.',
      default: ['RS256', 'ES256', 'EdDSA']
    },
    tenant_claim: { type: 'string', minLength: 1, description: 'Claim with the tenant that requests belong to.' }
  },
  ['issuer', 'audience'],
  'Header `Authorization: Bearer <JWT>`: signed tokens, such as those of OpenID Connect.'
)

export const AUTHENTICATORS_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'Ways to tell senders by their credentials, by name. Servers refer to one by `auth`.',
  default: {},
  additionalProperties: {
    type: 'object',
    additionalProperties: false,
    properties: { bearer: TOKENS, basic: USERS, jwt: JWT }
  }
}

/** Rules that the schema cannot say. @param path of the entry */
export function checkAuthenticator(config: AuthenticatorConfig, path: readonly string[]): ConfigProblem[] {
  const { bearer, basic, jwt } = config
  const keys = jwt?.jwks_url === undefined ? [] : exactlyOne(jwt, ['jwks_file', 'jwks_url'], [...path, 'jwt'])
  return [
    ...exactlyOne(config, ['bearer', 'basic', 'jwt'], path),
    ...(bearer?.tokens ?? []).flatMap((token, i) =>
      exactlyOne(token, ['token', 'token_file'], [...path, 'bearer', 'tokens', i])
    ),
    ...(basic?.users ?? []).flatMap((user, i) =>
      exactlyOne(user, ['password', 'password_file'], [...path, 'basic', 'users', i])
    ),
    ...keys
  ]
}

function exactlyOne(object: object, names: readonly string[], path: ConfigProblem['path']): ConfigProblem[] {
  const found = names.filter(name => Object.hasOwn(object, name))
  if (found.length === 1) return []
  return [{ path, message: `expected one of ${names.join(', ')}, found ${found.join(' and ') || 'none'}` }]
}
