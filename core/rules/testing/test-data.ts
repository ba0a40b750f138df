import type { Expr } from '../../promql/ast.ts'
import { type EvaluationOptions, evaluate, type ResultValue } from '../../promql/engine/evaluate.ts'
import { MemoryStore } from '../../promql/memory-store.ts'
import { SampleLoader } from '../../promql/notation/sample-loader.ts'
import { parse } from '../../promql/parser/parse.ts'
import type { RuleSample } from '../samples.ts'
import type { RuleTest } from './rule-test.ts'

/** Prometheus's defaults; tests are small. */
const LOOKBACK_MS = 300_000
const LIMITS = { maxSeries: 1_000_000, maxSamples: 50_000_000 }

/** The samples of one test, which come as its time goes on, and those that rules make. */
export class TestData {
  readonly #test: RuleTest
  readonly #store = new MemoryStore()
  readonly #loader = new SampleLoader(this.#store)
  readonly #options: Omit<EvaluationOptions, 'text'>
  /** Expressions of rules and templates, which are asked again and again. */
  readonly #parsed = new Map<string, Expr>()
  /** Samples of each series that are in the store. */
  #loaded = 0

  /** @param evaluationMs step of subqueries that name none */
  constructor(test: RuleTest, evaluationMs: number) {
    this.#test = test
    this.#options = {
      lookbackMs: LOOKBACK_MS,
      defaultSubqueryStepMs: evaluationMs,
      limits: LIMITS,
      delayedNameRemoval: false,
      signal: new AbortController().signal
    }
  }

  /** Takes the samples up to a time in Unix ms. */
  loadUntil(time: number): void {
    const { series, start, intervalMs } = this.#test
    const wanted = Math.floor((time - start) / intervalMs) + 1
    for (const { labels, samples } of series)
      for (let i = this.#loaded; i < Math.min(wanted, samples.length); i++)
        this.#loader.load(labels, start + i * intervalMs, samples[i])
    this.#loaded = Math.max(wanted, this.#loaded)
  }

  store(samples: readonly RuleSample[]): void {
    for (const { labels, time, value, isStale } of samples) this.#store.append(labels, time, isStale ? 'stale' : value)
  }

  /** The value of an expression at a time in Unix ms. Rejects with a `QueryError`. */
  async ask(text: string, time: number): Promise<ResultValue> {
    let expr = this.#parsed.get(text)
    if (expr === undefined) this.#parsed.set(text, (expr = parse(text)))
    const range = { start: time, end: time, stepMs: 0 }
    return (await evaluate(expr, range, this.#store, { ...this.#options, text })).value
  }
}
