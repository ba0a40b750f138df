import { isLabelName } from '../../core/wire/prometheus/label-names.ts'
import type { ExponentialForm } from '../../core/wire/prometheus/streams.ts'
import { TRANSLATION_STRATEGIES, type TranslationStrategy } from '../../core/wire/prometheus/translation-strategy.ts'
import type { ConfigProblem, ConfigSchema } from '../../sdk/plugin/index.ts'
import { COMPRESSIONS, type Compression } from './compression.ts'

export interface Config {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  /** `username` empty: none. */
  readonly basic_auth: { readonly username: string; readonly password: string }
  readonly bearer_token: string
  readonly external_labels: Readonly<Record<string, string>>
  readonly translation_strategy: TranslationStrategy
  readonly exponential_histograms: ExponentialForm
  readonly promote_resource_attributes: readonly string[]
  readonly target_info: boolean
  /** By the name of a tenant: `accountID` or `accountID:projectID`. */
  readonly tenants: Readonly<Record<string, string>>
  readonly compression: Compression
  readonly max_samples_per_request: number
}

const LARGEST_ID = 2 ** 32 - 1
const strings = { type: 'object', additionalProperties: { type: 'string' }, default: {} }

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    endpoint: {
      type: 'string',
      description:
        'Remote write URL. For a VictoriaMetrics cluster: http://vminsert:8480/insert/<tenant>/prometheus/api/v1/write.',
      default: 'http://127.0.0.1:8428/api/v1/write'
    },
    headers: {
      ...strings,
      writeOnly: true,
      description: 'HTTP headers added to every request, such as X-Scope-OrgID.'
    },
    basic_auth: {
      type: 'object',
      description: 'User name and password for HTTP basic authentication; an empty user name sends none.',
      additionalProperties: false,
      properties: {
        username: { type: 'string', description: 'User name.', default: '' },
        password: { type: 'string', writeOnly: true, description: 'Password.', default: '' }
      },
      default: {}
    },
    bearer_token: {
      type: 'string',
      writeOnly: true,
      description: 'Token sent as "Authorization: Bearer"; empty sends none.',
      default: ''
    },
    external_labels: { ...strings, description: 'Labels added to every series that has no such label of its own.' },
    translation_strategy: {
      enum: TRANSLATION_STRATEGIES,
      description:
        'Translation of OpenTelemetry names to Prometheus names, as in Prometheus’ own otlp.translation_strategy.',
      default: 'UnderscoreEscapingWithSuffixes'
    },
    exponential_histograms: {
      enum: ['vmrange', 'le'],
      description:
        'Buckets of exponential histograms: vmrange, which VictoriaMetrics sums over series, or le for Prometheus.',
      default: 'vmrange'
    },
    promote_resource_attributes: {
      type: 'array',
      items: { type: 'string' },
      description: 'Resource attributes to put on every series as labels, besides job and instance.',
      default: []
    },
    target_info: {
      type: 'boolean',
      description: 'Send resource attributes as target_info.',
      default: true
    },
    tenants: {
      type: 'object',
      additionalProperties: {
        type: 'string',
        pattern: '^\\d{1,10}(:\\d{1,10})?$',
        'x-expected': 'accountID or accountID:projectID, such as "12" or "12:3"'
      },
      description:
        'Tenants of a VictoriaMetrics cluster, as accountID:projectID, by those of service.tenants. For its multitenant endpoint.',
      default: {}
    },
    compression: {
      enum: COMPRESSIONS,
      description: 'Compression of requests: auto (zstd, or snappy if the backend refuses zstd), or always snappy.',
      default: 'auto'
    },
    max_samples_per_request: {
      type: 'integer',
      minimum: 1,
      description: 'Larger blocks are sent as several requests, one after another.',
      default: 10_000
    }
  }
}

export function check(config: Config): ConfigProblem[] {
  const { endpoint, headers, basic_auth, bearer_token } = config
  const problems: ConfigProblem[] = []
  const url = URL.parse(endpoint)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    problems.push({ path: ['endpoint'], message: `"${endpoint}" is not an http:// or https:// URL` })
  } else if (url.username !== '') {
    problems.push({ path: ['endpoint'], message: 'a URL must not carry a user name and password: use basic_auth' })
  }
  const given = [basic_auth.username !== '', bearer_token !== '', Object.keys(headers).some(isAuthorization)]
  if (given.filter(Boolean).length > 1) {
    problems.push({ path: ['basic_auth'], message: 'give one of basic_auth, bearer_token and an Authorization header' })
  }
  return problems.concat(checkLabels(config), checkTenants(config))
}

function checkLabels({ external_labels, translation_strategy }: Config): ConfigProblem[] {
  const wrong = Object.keys(external_labels).filter(name => !isLabelName(name, translation_strategy))
  return wrong.map(name => ({
    path: ['external_labels', name],
    message: `"${name}" is not a valid label name with ${translation_strategy}: use letters, digits and _, no digit first, and not __name__`
  }))
}

function checkTenants({ tenants }: Config): ConfigProblem[] {
  return Object.entries(tenants)
    .filter(([, id]) => id.split(':').some(number => Number(number) > LARGEST_ID))
    .map(([name, id]) => ({ path: ['tenants', name], message: `"${id}" is too large: both numbers have 32 bits` }))
}

const isAuthorization = (name: string) => name.toLowerCase() === 'authorization'
