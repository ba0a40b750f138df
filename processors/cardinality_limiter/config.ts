import { type ConfigProblem, type ConfigSchema, duration } from '../../sdk/plugin/index.ts'

export type Action = 'observe' | 'overflow' | 'drop_label' | 'drop'

export interface Override {
  /** Metric name; `*` stands for any characters. */
  readonly metric: string
  readonly max_series?: number
  readonly max_values_per_label?: number
  readonly action?: Action
}

export interface Config {
  readonly max_series_per_metric: number
  readonly max_series_total: number
  /** 0: no limit. */
  readonly max_values_per_label: number
  /** Empty: no tenants. */
  readonly tenant_attribute: string
  /** 0: no limit. */
  readonly max_series_per_tenant: number
  readonly action: Action
  /** ms */
  readonly idle_expiry: number
  readonly max_metrics: number
  readonly max_folded_series: number
  readonly overrides: readonly Override[]
}

const SHORTEST_EXPIRY_MS = 1000
const ACTIONS = ['observe', 'overflow', 'drop_label', 'drop']

const overrides = {
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['metric'],
    properties: {
      metric: { type: 'string', minLength: 1, description: 'Metric name; * stands for any characters.' },
      max_series: { type: 'integer', minimum: 1, description: 'Instead of max_series_per_metric.' },
      max_values_per_label: { type: 'integer', minimum: 0, description: 'Instead of max_values_per_label.' },
      action: { type: 'string', enum: ACTIONS, description: 'Instead of action.' }
    }
  },
  description:
    'Other limits for metrics by name, as {metric, max_series, max_values_per_label, action}; the first match counts.',
  default: []
}

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    max_series_per_metric: {
      type: 'integer',
      minimum: 1,
      description: 'Most series of one metric that pass as they are.',
      default: 10_000
    },
    max_series_total: {
      type: 'integer',
      minimum: 1,
      description: 'Most series of all metrics together.',
      default: 100_000
    },
    max_values_per_label: {
      type: 'integer',
      minimum: 0,
      description: 'Most values that one label may have within one metric; 0: no limit.',
      default: 0
    },
    tenant_attribute: {
      type: 'string',
      description:
        'Resource attribute that names the tenant, such as service.namespace; empty: no tenants. With service.tenants weir.tenant.',
      default: ''
    },
    max_series_per_tenant: {
      type: 'integer',
      minimum: 0,
      description: 'Most series of one tenant; 0: no limit. Needs tenant_attribute.',
      default: 0
    },
    action: {
      type: 'string',
      enum: ACTIONS,
      description:
        'Treatment of points over a limit. observe: they pass, and are counted. overflow: they are added up in one series a metric. drop_label: they lose the label with most values, and are added up. drop: they are dropped.',
      default: 'overflow'
    },
    idle_expiry: duration({
      description: 'A series silent for this long gives its place to another. At least 1s.',
      default: '10m'
    }),
    max_metrics: {
      type: 'integer',
      minimum: 1,
      description: 'Most metrics; further ones are dropped as too_many_metrics until others have been silent.',
      default: 5000
    },
    max_folded_series: {
      type: 'integer',
      minimum: 2,
      description:
        'Cumulative series over a limit whose last value is remembered, to know the increment of the next one.',
      default: 200_000
    },
    overrides
  }
}

export function check(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  if (config.idle_expiry < SHORTEST_EXPIRY_MS)
    problems.push({ path: ['idle_expiry'], message: 'it must be at least 1s' })
  if (config.max_series_per_tenant > 0 && config.tenant_attribute === '')
    problems.push({ path: ['max_series_per_tenant'], message: 'it needs tenant_attribute, to know the tenants' })
  return problems
}
