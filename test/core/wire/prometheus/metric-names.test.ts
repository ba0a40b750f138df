import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Metric } from '../../../../core/model/series.ts'
import { isLabelName, labelName } from '../../../../core/wire/prometheus/label-names.ts'
import { metricName } from '../../../../core/wire/prometheus/metric-names.ts'
import type { TranslationStrategy } from '../../../../core/wire/prometheus/translation-strategy.ts'

const metric = (
  name: string,
  unit = '',
  kind: Metric['kind'] = 'gauge',
  temporality: Metric['temporality'] = 'unspecified'
) => ({ name, unit, kind, temporality, description: '' }) satisfies Metric
const counter = (name: string, unit = '') => metric(name, unit, 'counter', 'cumulative')
const delta = (name: string, unit = '') => metric(name, unit, 'counter', 'delta')

test('names get the suffixes of their unit and type', () => {
  // The cases of prometheus/otlptranslator, and those of deltas, which it does not have.
  const cases: [Metric, string][] = [
    [metric('simple_metric'), 'simple_metric'],
    [counter('requests'), 'requests_total'],
    [counter('requests.count', '1'), 'requests_count_total'],
    [counter('requests_total'), 'requests_total'],
    [counter('http.total.requests'), 'http_requests_total'],
    [metric('cpu_usage', '1'), 'cpu_usage_ratio'],
    [metric('cpu_usage_ratio', '1'), 'cpu_usage_ratio'],
    [metric('queue', '1', 'up_down_counter', 'cumulative'), 'queue'],
    [metric('response_time', 'ms'), 'response_time_milliseconds'],
    [metric('response_time_seconds', 's'), 'response_time_seconds'],
    [metric('memory.usage', 'By'), 'memory_usage_bytes'],
    [metric('requests', '1/s'), 'requests_per_second'],
    [metric('throughput', 'By/s'), 'throughput_bytes_per_second'],
    [metric('speed', 'm/s'), 'speed_meters_per_second'],
    [counter('app.requests', '1/s'), 'app_requests_per_second_total'],
    [metric('custom_metric', 'custom_unit'), 'custom_metric_custom_unit'],
    [metric('custom_metric', '{custom}'), 'custom_metric'],
    [metric('custom_metric', 'By/{custom}'), 'custom_metric_bytes'],
    [metric('custom_metric', 'unit@with#special/chars'), 'custom_metric_unit_with_special_per_chars'],
    [metric('load', '%'), 'load_percent'],
    [metric('heat', 'Cel'), 'heat_celsius'],
    [metric('request_duration', 's', 'histogram', 'cumulative'), 'request_duration_seconds'],
    [metric('metric@@##$$name'), 'metric_name'],
    [metric('123metric'), '_123metric'],
    [metric('__reserved__'), 'reserved'],
    [metric('a:b'), 'a:b'],
    [metric('@#$%'), '_'],
    [metric('constructor', 'constructor'), 'constructor'],
    [delta('http.requests', '{request}'), 'http_requests'],
    [delta('http.requests.total'), 'http_requests'],
    [delta('total'), 'total'],
    [delta('sent', 'By'), 'sent_bytes']
  ]
  for (const [input, want] of cases) assert.equal(metricName(input, 'UnderscoreEscapingWithSuffixes'), want, input.name)
})

test('each strategy escapes and adds suffixes as it says', () => {
  const cases: [TranslationStrategy, Metric, string][] = [
    ['UnderscoreEscapingWithoutSuffixes', counter('http.request.time', 's'), 'http_request_time'],
    ['UnderscoreEscapingWithoutSuffixes', counter('requests_total'), 'requests_total'],
    // As Prometheus' own translator (otlptranslator 1.0) has it.
    ['UnderscoreEscapingWithoutSuffixes', counter('_a__b_..c._d_'), '_a__b__c__d_'],
    ['UnderscoreEscapingWithoutSuffixes', counter('.1x'), '_1x'],
    ['NoUTF8EscapingWithSuffixes', counter('http.requêsts', 's'), 'http.requêsts_seconds_total'],
    ['NoUTF8EscapingWithSuffixes', counter('cpu_seconds_total', 's'), 'cpu_seconds_total'],
    ['NoUTF8EscapingWithSuffixes', metric('requests.per_second', '1/s'), 'requests_per_second'],
    ['NoUTF8EscapingWithSuffixes', metric('cpu.usage', '1'), 'cpu.usage_ratio'],
    ['NoUTF8EscapingWithSuffixes', delta('http.requests_total'), 'http.requests'],
    ['NoTranslation', counter('http.requêsts', 's'), 'http.requêsts']
  ]
  for (const [strategy, input, want] of cases) assert.equal(metricName(input, strategy), want, strategy)
})

test('label names are valid in Prometheus', () => {
  const cases: [string, string][] = [
    ['http.method', 'http_method'],
    ['a..b', 'a_b'],
    ['1st', 'key_1st'],
    ['_hidden', 'key_hidden'],
    ['__name__', 'key_name_'],
    ['日本', 'key_'],
    ['', '']
  ]
  for (const [input, want] of cases) assert.equal(labelName(input, 'UnderscoreEscapingWithoutSuffixes'), want)
  assert.equal(labelName('http.method', 'NoTranslation'), 'http.method')
})

test('a label of the configuration has a name that the strategy can have', () => {
  const names = ['ok_1', '__x', '1x', 'a.b', 'é', '', '__name__']
  const taken = (strategy: TranslationStrategy) => names.filter(name => isLabelName(name, strategy))
  assert.deepEqual(taken('UnderscoreEscapingWithSuffixes'), ['ok_1', '__x'])
  assert.deepEqual(taken('NoTranslation'), ['ok_1', '__x', '1x', 'a.b', 'é'])
})
