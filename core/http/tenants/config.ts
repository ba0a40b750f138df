import type { ConfigProblem, JsonSchema } from '../../schema/json-schema.ts'
import { byteSize, duration } from '../../schema/units.ts'
import { TENANT_PATTERN } from '../access/config.ts'

/** What one tenant may send. */
export interface TenantLimits {
  /** Points and events; 0: any number. */
  readonly samples_per_second: number
  /** Samples beyond the rate that may come at once. */
  readonly burst: number
  readonly max_series: number
  readonly max_attributes: number
  readonly max_name_length: number
  readonly max_value_length: number
  /** Bytes, after decompression. */
  readonly max_body_size: number
  /** ms */
  readonly max_future: number
}

/** `service.tenants`. */
export interface TenantsConfig {
  readonly header?: string
  readonly attribute?: string
  readonly default?: string
  readonly over_limit_status: 429 | 503
  readonly limits: TenantLimits
  readonly overrides: Readonly<Record<string, Partial<TenantLimits>>>
}

/** Keyword of schemas: the value is the name of a tenant. */
export const TENANT_NAME = 'x-tenant'

/** Option of a receiver whose senders name no tenant. */
export const TENANT_OPTION: JsonSchema = {
  type: 'string',
  pattern: TENANT_PATTERN,
  'x-expected': "a name of at most 150 letters, digits and !-_.*'()",
  [TENANT_NAME]: true,
  description: 'Tenant that its data belongs to. Without it, that is `service.tenants.default`.'
}

export const DEFAULT_TENANT_LIMITS: TenantLimits = {
  samples_per_second: 0,
  burst: 100_000,
  max_series: 1_000_000,
  max_attributes: 30,
  max_name_length: 1024,
  max_value_length: 2048,
  max_body_size: 20 * 2 ** 20,
  max_future: 300_000
}

const count = (description: string, minimum = 1) => ({ type: 'integer', minimum, description })

const LIMITS = {
  samples_per_second: count('Points and events a second, over time. 0: any number.', 0),
  burst: count('Samples beyond the rate that may come at once.'),
  max_series: count('Active series. Points of further ones are dropped.'),
  max_attributes: count('Attributes of a point or event, and of its resource.'),
  max_name_length: count('Characters of the name of an attribute.'),
  max_value_length: count('Characters of the value of an attribute.'),
  max_body_size: byteSize({ description: 'Largest request body, after decompression.' }),
  max_future: duration({ description: 'Items whose time is further ahead of the clock are dropped.' })
} satisfies Record<keyof TenantLimits, JsonSchema>

const DEFAULTS = { ...DEFAULT_TENANT_LIMITS, max_body_size: '20MiB', max_future: '5m' }

const withDefaults = Object.fromEntries(
  Object.entries(LIMITS).map(([name, schema]) => [name, { ...schema, default: DEFAULTS[name as keyof TenantLimits] }])
)

export const TENANTS_SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'Data of several tenants, which are kept apart and limited. Without it there are none.',
  properties: {
    header: {
      type: 'string',
      pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
      'x-expected': 'the name of a header, such as X-Scope-OrgID',
      description: 'Header of requests, or metadata of calls, that names the tenant if credentials do not.'
    },
    attribute: {
      type: 'string',
      minLength: 1,
      description:
        'Attribute of items that names their tenant, of their resource or their own. Only credentials come before it.'
    },
    default: {
      type: 'string',
      pattern: TENANT_PATTERN,
      'x-expected': "a name of at most 150 letters, digits and !-_.*'()",
      description: 'Tenant of data that names none. Without it such requests are refused.'
    },
    over_limit_status: {
      enum: [429, 503],
      description: 'Answer to a tenant over its rate. OpenTelemetry for Python before 1.45 loses the data of 429.',
      default: 429
    },
    limits: {
      type: 'object',
      additionalProperties: false,
      description: 'Limits of each tenant.',
      default: {},
      properties: withDefaults
    },
    overrides: {
      type: 'object',
      description: 'Other limits, by tenant.',
      default: {},
      additionalProperties: { type: 'object', additionalProperties: false, properties: LIMITS }
    }
  }
}

/** @param path of the section */
export function checkTenants({ overrides }: TenantsConfig, path: readonly string[]): ConfigProblem[] {
  const isName = new RegExp(TENANT_PATTERN)
  return Object.keys(overrides)
    .filter(name => !isName.test(name))
    .map(name => ({ path: [...path, 'overrides', name], message: `"${name}" cannot be a tenant: see default` }))
}
