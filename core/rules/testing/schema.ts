import type { ConfigSchema, JsonSchema } from '../../plugin/contract.ts'

// A key without a value is as good as none.
const OR_NOTHING = { list: ['array', 'null'], mapping: ['object', 'null'] }

/** Unquoted numbers and bools of YAML are texts here. */
const scalar = (description: string) => ({ type: ['string', 'integer', 'boolean'], description })
const texts = (description: string) => ({
  type: OR_NOTHING.mapping,
  additionalProperties: scalar(''),
  description,
  'x-expected': 'a mapping'
})
const text = (description: string) => ({ type: 'string', description })
const time = (description: string) => ({
  type: ['string', 'integer'],
  description,
  'x-expected': 'a duration such as 5m'
})
const list = (items: JsonSchema) => ({ type: OR_NOTHING.list, items, 'x-expected': 'a list' })
const mapping = (properties: Record<string, JsonSchema>, required: readonly string[] = []): ConfigSchema => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties
})

const SERIES = mapping(
  {
    series: text('The labels of the series: metric{label="value"}.'),
    values: { type: ['string', 'number'], description: 'Its samples, as 1 2+3x4 _ stale.' }
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
  // Not all numbers of YAML are numbers of JSON, which a schema knows: .inf and .nan are not.
  value: { description: 'The value of the sample.' },
  histogram: text('The histogram, in place of a value: {{count:1}}.')
})

const EXPR_TEST = mapping(
  {
    expr: { type: ['string', 'number'], description: 'The PromQL expression.' },
    eval_time: time('Time since the start of the test.'),
    exp_samples: list(SAMPLE)
  },
  ['expr']
)

const TEST = mapping({
  name: scalar('A name for messages.'),
  interval: time('Time between the samples of a series.'),
  start_timestamp: scalar('The time of the first samples: Unix seconds, or 2024-02-29T12:00:00Z.'),
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

type Scalar = string | number | boolean
type Texts = Readonly<Record<string, Scalar>> | null
type List<T> = readonly T[] | null

/** The value of a file by {@link TEST_FILE}. Lists and mappings may be left out, or without a value. */
export interface FileValue {
  readonly rule_files?: List<string>
  readonly evaluation_interval?: Scalar
  readonly group_eval_order?: List<string>
  readonly fuzzy_compare?: boolean
  readonly tests?: List<TestValue>
}

export interface TestValue {
  readonly name?: Scalar
  readonly interval?: Scalar
  readonly start_timestamp?: Scalar
  readonly input_series?: List<{ readonly series: string; readonly values: Scalar }>
  readonly alert_rule_test?: List<AlertTestValue>
  readonly promql_expr_test?: List<ExprTestValue>
  readonly external_labels?: Texts
  readonly external_url?: string
}

export interface AlertTestValue {
  readonly eval_time?: Scalar
  readonly alertname: string
  readonly exp_alerts?: List<{ readonly exp_labels?: Texts; readonly exp_annotations?: Texts }>
}

export interface ExprTestValue {
  readonly expr: Scalar
  readonly eval_time?: Scalar
  readonly exp_samples?: List<{ readonly labels?: string; readonly value?: unknown; readonly histogram?: string }>
}
