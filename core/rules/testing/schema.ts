import type { ConfigSchema, JsonSchema } from '../../plugin/contract.ts'

const text = (description: string) => ({ type: 'string', description })
const texts = (description: string) => ({ type: 'object', additionalProperties: { type: 'string' }, description })
const time = (description: string) => ({ ...text(description), 'x-expected': 'a duration such as 5m' })
const list = (items: JsonSchema) => ({ type: 'array', items })
const mapping = (properties: Record<string, JsonSchema>, required: readonly string[] = []): ConfigSchema => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties
})

const SERIES = mapping(
  {
    series: text('The labels of the series: metric{label="value"}.'),
    values: text('Its samples, as 1 2+3x4 _ stale.')
  },
  ['series', 'values']
)

const ALERT = mapping({
  exp_labels: texts('Labels of the alert, without alertname.'),
  exp_annotations: texts('Annotations of the alert.')
})

const ALERT_TEST = mapping(
  {
    eval_time: time('Time since the start of the test.'),
    alertname: text('The name of the alert.'),
    exp_alerts: list(ALERT)
  },
  ['alertname']
)

const SAMPLE = mapping({
  labels: text('The labels of the sample: metric{label="value"}.'),
  // A number of a schema is finite.
  value: text('The value of the sample.'),
  histogram: text('The histogram, in place of a value: {{count:1}}.')
})

const EXPR_TEST = mapping(
  {
    expr: text('The PromQL expression.'),
    eval_time: time('Time since the start of the test.'),
    exp_samples: list(SAMPLE)
  },
  ['expr']
)

const TEST = mapping({
  name: text('A name for messages.'),
  interval: time('Time between the samples of a series.'),
  start_timestamp: text('The time of the first samples: Unix seconds, or 2024-02-29T12:00:00Z.'),
  input_series: list(SERIES),
  alert_rule_test: list(ALERT_TEST),
  promql_expr_test: list(EXPR_TEST),
  external_labels: texts('External labels that templates see.'),
  external_url: text('The external URL that templates see.')
})

/** A file of tests of rules: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/ */
export const TEST_FILE: ConfigSchema = mapping({
  rule_files: list(text('A rule file, or a pattern of several.')),
  evaluation_interval: time('Time between evaluations of the rules.'),
  group_eval_order: list(text('The name of a group.')),
  fuzzy_compare: { type: 'boolean', description: 'Values may differ in their last bit.' },
  tests: list(TEST)
})

type Texts = Readonly<Record<string, string>>

/** The value of a file by {@link TEST_FILE}. */
export interface FileValue {
  readonly rule_files?: readonly string[]
  readonly evaluation_interval?: string
  readonly group_eval_order?: readonly string[]
  readonly fuzzy_compare?: boolean
  readonly tests?: readonly TestValue[]
}

export interface TestValue {
  readonly name?: string
  readonly interval?: string
  readonly start_timestamp?: string
  readonly input_series?: readonly { readonly series: string; readonly values: string }[]
  readonly alert_rule_test?: readonly AlertTestValue[]
  readonly promql_expr_test?: readonly ExprTestValue[]
  readonly external_labels?: Texts
  readonly external_url?: string
}

export interface AlertTestValue {
  readonly eval_time?: string
  readonly alertname: string
  readonly exp_alerts?: readonly { readonly exp_labels?: Texts; readonly exp_annotations?: Texts }[]
}

export interface ExprTestValue {
  readonly expr: string
  readonly eval_time?: string
  readonly exp_samples?: readonly SampleValue[]
}

export interface SampleValue {
  readonly labels?: string
  readonly value?: string
  readonly histogram?: string
}
