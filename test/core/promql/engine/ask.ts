import {
  type EvaluationOptions,
  type EvaluationRange,
  evaluate,
  type QueryResult
} from '../../../../core/promql/engine/evaluate.ts'
import { Labels } from '../../../../core/promql/labels.ts'
import type { StoredSample } from '../../../../core/promql/memory-store.ts'
import { parse } from '../../../../core/promql/parser/parse.ts'
import type { SampleStore } from '../../../../core/promql/sample-store.ts'
import { RecordingStore } from '../recording-store.ts'

export const DEFAULTS: Omit<EvaluationOptions, 'text' | 'signal'> = {
  lookbackMs: 300_000,
  defaultSubqueryStepMs: 60_000,
  limits: { maxSeries: 1000, maxSamples: 1_000_000 },
  delayedNameRemoval: false
}

/** A query at one time in Unix ms, or over a range. */
export function ask(
  text: string,
  store: SampleStore,
  when: number | EvaluationRange,
  options: Partial<EvaluationOptions> = {}
): Promise<QueryResult> {
  const range = typeof when === 'number' ? { start: when, end: when, stepMs: 0 } : when
  const signal = new AbortController().signal
  return evaluate(parse(text, { experimental: true }), range, store, { ...DEFAULTS, text, signal, ...options })
}

/** A store with series such as `{ 'm{a="1"}': [1, undefined, 2] }`: one sample every `everyMs` from time 0 on. */
export function storeOf(
  series: Readonly<Record<string, readonly (StoredSample | undefined)[]>>,
  everyMs = 60_000
): RecordingStore {
  const store = new RecordingStore()
  for (const [selector, samples] of Object.entries(series)) {
    const labels = labelsOf(selector)
    for (const [i, sample] of samples.entries()) if (sample !== undefined) store.append(labels, i * everyMs, sample)
  }
  return store
}

/** Labels of a selector without other conditions than `=`. */
export function labelsOf(selector: string): Labels {
  const expr = parse(selector)
  if (expr.type !== 'vectorSelector') throw new Error(`${selector} is no selector`)
  return Labels.of(expr.matchers.map(({ name, value }) => [name, value]))
}

/** Series of a result, each as its labels and its values by time. */
export function shown({ value }: QueryResult): unknown {
  switch (value.type) {
    case 'scalar':
    case 'string':
      return value.value
    case 'vector':
      return value.samples.map(
        ({ labels, value, histogram }) => `${labels} ${histogram === undefined ? value : 'histogram'}`
      )
    case 'matrix':
      return value.series.map(
        ({ labels, times, values }) =>
          `${labels} ${Array.from(times, (time, i) => `${values[i]}@${time / 1000}`).join(' ')}`
      )
  }
}
