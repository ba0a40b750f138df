import { TENANT_OPTION } from '../../core/http/tenants/config.ts'
import { checkRelabel, RELABEL_SCHEMA, type RelabelRule } from '../../core/model/relabeling/config.ts'
import {
  byteSize,
  type ConfigProblem,
  type ConfigSchema,
  duration,
  type ItemLimits,
  type JsonSchema,
  LIMITS_SCHEMA
} from '../../sdk/plugin/index.ts'

export interface Config {
  readonly scrape_configs: readonly ScrapeConfig[]
  readonly tenant?: string
  readonly limits: ItemLimits
}

/** As in Prometheus: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config */
export interface ScrapeConfig {
  readonly job_name: string
  /** ms, as `scrape_timeout` */
  readonly scrape_interval: number
  readonly scrape_timeout: number
  readonly metrics_path: string
  readonly scheme: 'http' | 'https'
  readonly params: Readonly<Record<string, readonly string[]>>
  readonly honor_labels: boolean
  readonly honor_timestamps: boolean
  readonly scrape_native_histograms: boolean
  readonly static_configs: readonly TargetGroup[]
  readonly file_sd_configs: readonly { readonly files: readonly string[]; readonly refresh_interval: number }[]
  readonly http_sd_configs: readonly { readonly url: string; readonly refresh_interval: number }[]
  readonly relabel_configs: readonly RelabelRule[]
  readonly metric_relabel_configs: readonly RelabelRule[]
  /** 0, here and below: no limit. */
  readonly sample_limit: number
  /** Bytes. */
  readonly body_size_limit: number
  readonly label_limit: number
  readonly label_name_length_limit: number
  readonly label_value_length_limit: number
  /** `username` empty: none. */
  readonly basic_auth: { readonly username: string; readonly password: string }
  /** `credentials` empty: none. */
  readonly authorization: { readonly type: string; readonly credentials: string }
  readonly tls_config: { readonly ca_file: string; readonly insecure_skip_verify: boolean }
}

/** Targets with labels in common. */
export interface TargetGroup {
  /** `host:port` */
  readonly targets: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

const texts: JsonSchema = { type: 'array', items: { type: 'string', minLength: 1 } }
const labels: JsonSchema = { type: 'object', additionalProperties: { type: 'string' }, default: {} }
const limit: JsonSchema = { type: 'integer', minimum: 0, default: 0 }
const flag = (value: boolean): JsonSchema => ({ type: 'boolean', default: value })
const secret: JsonSchema = { type: 'string', writeOnly: true, default: '' }
const list = (required: string, properties: Record<string, JsonSchema>): JsonSchema => ({
  type: 'array',
  default: [],
  items: { type: 'object', additionalProperties: false, required: [required], properties }
})
const group = (properties: Record<string, JsonSchema>): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  default: {}
})
const rules: JsonSchema = { ...RELABEL_SCHEMA, minItems: 0, default: [] }

const SCRAPE_CONFIG: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['job_name'],
  properties: {
    job_name: { type: 'string', minLength: 1 },
    scrape_interval: duration({ description: 'Time between two scrapes of a target.', default: '1m' }),
    scrape_timeout: duration({ description: 'Time for a scrape; at most scrape_interval.', default: '10s' }),
    metrics_path: { type: 'string', pattern: '^/', default: '/metrics' },
    scheme: { enum: ['http', 'https'], default: 'http' },
    params: { type: 'object', additionalProperties: texts, default: {} },
    honor_labels: flag(false),
    honor_timestamps: flag(true),
    scrape_native_histograms: flag(false),
    static_configs: list('targets', { targets: texts, labels }),
    file_sd_configs: list('files', {
      files: texts,
      refresh_interval: duration({ description: 'Time between two looks at the files.', default: '5m' })
    }),
    http_sd_configs: list('url', {
      url: { type: 'string', pattern: '^https?://' },
      refresh_interval: duration({ description: 'Time between two requests.', default: '1m' })
    }),
    relabel_configs: rules,
    metric_relabel_configs: rules,
    sample_limit: limit,
    body_size_limit: byteSize({ description: 'Largest body, after decompression. 0B: no limit.', default: '0B' }),
    label_limit: limit,
    label_name_length_limit: limit,
    label_value_length_limit: limit,
    basic_auth: group({ username: { type: 'string', default: '' }, password: secret }),
    authorization: group({ type: { type: 'string', default: 'Bearer' }, credentials: secret }),
    tls_config: group({ ca_file: { type: 'string', default: '' }, insecure_skip_verify: flag(false) })
  }
}

export const schema: ConfigSchema = {
  type: 'object',
  required: ['scrape_configs'],
  properties: {
    scrape_configs: {
      type: 'array',
      minItems: 1,
      items: SCRAPE_CONFIG,
      description: 'Targets to scrape, as in prometheus.yml.'
    },
    tenant: TENANT_OPTION,
    limits: LIMITS_SCHEMA
  }
}

export function check({ scrape_configs }: Config): ConfigProblem[] {
  return scrape_configs.flatMap((config, i) => checkScrape(config, ['scrape_configs', i], scrape_configs.slice(0, i)))
}

function checkScrape(
  config: ScrapeConfig,
  path: readonly (string | number)[],
  earlier: readonly ScrapeConfig[]
): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const { job_name, scrape_interval, scrape_timeout, basic_auth, authorization } = config
  if (earlier.some(other => other.job_name === job_name))
    problems.push({ path: [...path, 'job_name'], message: `"${job_name}" is the name of another job: use each once` })
  if (scrape_interval === 0) problems.push({ path: [...path, 'scrape_interval'], message: 'it must be more than 0' })
  if (scrape_timeout === 0 || scrape_timeout > scrape_interval)
    problems.push({ path: [...path, 'scrape_timeout'], message: 'it must be more than 0, and scrape_interval at most' })
  if (basic_auth.username !== '' && authorization.credentials !== '')
    problems.push({ path: [...path, 'basic_auth'], message: 'give one of basic_auth and authorization' })
  for (const name of ['file_sd_configs', 'http_sd_configs'] as const)
    for (const [i, { refresh_interval }] of config[name].entries())
      if (refresh_interval === 0)
        problems.push({ path: [...path, name, i, 'refresh_interval'], message: 'it must be more than 0' })
  for (const name of ['relabel_configs', 'metric_relabel_configs'] as const)
    for (const [i, rule] of config[name].entries()) problems.push(...checkRelabel(rule, [...path, name, i]))
  return problems
}
