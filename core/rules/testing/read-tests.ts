import { applyAsGo } from '../../config/apply-as-go.ts'
import { nodeAt, type YamlNode } from '../../config/document.ts'
import type { Problems } from '../../config/problems.ts'
import { reportSchemaErrors } from '../../config/schema-errors.ts'
import { Labels } from '../../promql/labels.ts'
import { type NotedHistogram, parseHistogram, toNumber } from '../../promql/notation/histogram-notation.ts'
import { parseLabels, parseSamples } from '../../promql/notation/series-notation.ts'
import { durationMs } from '../../promql/parser/numbers.ts'
import { parse } from '../../promql/parser/parse.ts'
import { QueryError } from '../../promql/query-error.ts'
import type { ExpectedAlerts, ExpectedSamples, RuleTest, RuleTestFile } from './rule-test.ts'
import {
  type AlertTestValue,
  type ExprTestValue,
  type FileValue,
  type SampleValue,
  TEST_FILE,
  type TestValue
} from './schema.ts'

const DEFAULT_INTERVAL_MS = 60_000
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/

type Path = readonly (string | number)[]

/** The tests in a file. All of its faults go to `problems`, each with its place; then the result means nothing. */
export function readTests(root: YamlNode, problems: Problems): RuleTestFile | undefined {
  const { value, errors } = applyAsGo(TEST_FILE, root)
  reportSchemaErrors(errors, root, problems)
  return errors.length > 0 ? undefined : new TestReader(root, problems).file(value as FileValue)
}

class TestReader {
  readonly #root: YamlNode
  readonly #problems: Problems

  constructor(root: YamlNode, problems: Problems) {
    this.#root = root
    this.#problems = problems
  }

  file(value: FileValue): RuleTestFile {
    const evaluationMs = this.#interval(['evaluation_interval'], value.evaluation_interval) ?? DEFAULT_INTERVAL_MS
    return {
      ruleFiles: (value.rule_files ?? []).map((pattern, i) => ({ pattern, position: this.#at(['rule_files', i]) })),
      evaluationMs,
      order: this.#order(value.group_eval_order ?? []),
      isFuzzy: value.fuzzy_compare ?? false,
      tests: (value.tests ?? []).map((test, i) => this.#test(['tests', i], test, evaluationMs))
    }
  }

  #order(names: readonly string[]): RuleTestFile['order'] {
    return names.map((group, i) => {
      const path = ['group_eval_order', i]
      if (names.indexOf(group) < i) this.#error(path, `the group "${group}" stands twice in group_eval_order`)
      return { group, position: this.#at(path) }
    })
  }

  #test(path: Path, value: TestValue, evaluationMs: number): RuleTest {
    return {
      position: this.#at(path),
      name: value.name ?? '',
      intervalMs: this.#interval([...path, 'interval'], value.interval) ?? evaluationMs,
      start: this.#start([...path, 'start_timestamp'], value.start_timestamp),
      series: (value.input_series ?? []).map(({ series, values }, i) => ({
        labels: this.#parsed([...path, 'input_series', i, 'series'], () => parseLabels(series)) ?? Labels.NONE,
        samples: this.#parsed([...path, 'input_series', i, 'values'], () => parseSamples(values)) ?? []
      })),
      alerts: (value.alert_rule_test ?? []).map((test, i) => this.#alerts([...path, 'alert_rule_test', i], test)),
      queries: (value.promql_expr_test ?? []).map((test, i) => this.#query([...path, 'promql_expr_test', i], test)),
      externalLabels: value.external_labels ?? {},
      externalUrl: value.external_url ?? ''
    }
  }

  #alerts(path: Path, { alertname, eval_time, exp_alerts = [] }: AlertTestValue): ExpectedAlerts {
    return {
      position: this.#at(path),
      time: this.#duration([...path, 'eval_time'], eval_time) ?? 0,
      alertname,
      alerts: exp_alerts.map(({ exp_labels, exp_annotations = {} }) => ({
        labels: Labels.of(Object.entries({ ...exp_labels, alertname })),
        annotations: Labels.of(Object.entries(exp_annotations))
      }))
    }
  }

  #query(path: Path, { expr, eval_time, exp_samples = [] }: ExprTestValue): ExpectedSamples {
    this.#parsed([...path, 'expr'], () => parse(expr))
    const samples = exp_samples.map((sample, i) => {
      const own = [...path, 'exp_samples', i]
      const labels = this.#parsed([...own, 'labels'], () => parseLabels(sample.labels ?? '')) ?? Labels.NONE
      return { labels, value: this.#sampleValue(own, sample) }
    })
    const time = this.#duration([...path, 'eval_time'], eval_time) ?? 0
    return { position: this.#at(path), time, text: expr, samples }
  }

  #sampleValue(path: Path, { value, histogram }: SampleValue): number | NotedHistogram {
    if (histogram !== undefined) return this.#parsed([...path, 'histogram'], () => histogramOf(histogram)) ?? 0
    return this.#parsed([...path, 'value'], () => toNumber(plainNumber(value ?? '0'))) ?? 0
  }

  #start(path: Path, text: string | undefined): number {
    if (text === undefined) return 0
    const time = RFC_3339.test(text) ? Date.parse(text) : Number(text) * 1000
    if (Number.isFinite(time) && text.trim() !== '') return Math.trunc(time)
    this.#error(path, `start_timestamp: expected Unix seconds or a time such as 2024-02-29T12:00:00Z, got "${text}"`)
    return 0
  }

  /** A duration that is not 0. */
  #interval(path: Path, text: string | undefined): number | undefined {
    const ms = this.#duration(path, text)
    // 0 is the default, as it is in Prometheus.
    return ms === 0 ? undefined : ms
  }

  #duration(path: Path, text: string | undefined): number | undefined {
    if (text === undefined) return undefined
    const ms = text === '0' ? 0 : durationMs(text)
    if (ms !== undefined && text !== '') return ms
    this.#error(path, `${path.at(-1)}: "${text}" is no duration: write 5m or 1h30m`)
    return undefined
  }

  #parsed<T>(path: Path, read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      this.#error(path, `${path.at(-1)}: ${error.message}`)
      return undefined
    }
  }

  #at(path: Path) {
    return nodeAt(this.#root, path).position
  }

  #error(path: Path, message: string): void {
    this.#problems.error(this.#at(path), message)
  }
}

/** YAML writes infinity and NaN with a point before them. */
const plainNumber = (text: string) => text.replace(/^([+-]?)\.(?=inf$|nan$)/i, '$1')

function histogramOf(text: string) {
  if (/^\{\{.*\}\}$/s.test(text.trim())) return parseHistogram(text.trim())
  throw new QueryError('bad_data', `"${text}" is no histogram: write {{schema:0 count:3 sum:5 buckets:[1 2]}}`)
}
