import type { Position } from '../../config/problems.ts'
import { describeError } from '../../errors.ts'
import { durationText } from '../../promql/parser/numbers.ts'
import { GroupEvaluation } from '../group-evaluation.ts'
import { vectorOfValue } from '../query-results.ts'
import type { RuleGroup } from '../rule-group.ts'
import { alertDifferences } from './alert-differences.ts'
import type { ExpectedAlert, ExpectedAlerts, ExpectedSamples, RuleTest } from './rule-test.ts'
import { sampleDifferences } from './sample-differences.ts'
import { TestData } from './test-data.ts'

/** An expectation that is not met, or a rule that cannot be evaluated. */
export interface TestFailure {
  readonly position: Position
  readonly message: string
  /** How the result differs from the expected one. */
  readonly differences: readonly string[]
}

export interface RunOptions {
  /** In the order of their evaluation. */
  readonly groups: readonly RuleGroup[]
  readonly evaluationMs: number
  readonly isFuzzy: boolean
}

/**
 * Evaluates all groups every `evaluationMs`, up to the latest time of an expectation, as `promtool test rules` does.
 * Alerts are as the evaluation at their time or before it left them. Queries are asked at the end.
 */
export async function runTest(test: RuleTest, options: RunOptions): Promise<TestFailure[]> {
  return new TestRun(test, options).run()
}

class TestRun {
  readonly #test: RuleTest
  readonly #options: RunOptions
  readonly #data: TestData
  readonly #groups: readonly GroupEvaluation[]
  readonly #failures: TestFailure[] = []

  constructor(test: RuleTest, options: RunOptions) {
    this.#test = test
    this.#options = options
    const data = new TestData(test, options.evaluationMs)
    const host = {
      ask: async (text: string, time: number) => vectorOfValue(await data.ask(text, time)),
      externalLabels: test.externalLabels,
      externalUrl: test.externalUrl,
      elapsed: () => 0
    }
    this.#data = data
    this.#groups = options.groups.map(group => new GroupEvaluation(group, host))
  }

  async run(): Promise<TestFailure[]> {
    const { alerts, queries } = this.#test
    const { evaluationMs } = this.#options
    const byTime = alerts.toSorted((a, b) => a.time - b.time)
    const last = [...alerts, ...queries].reduce((latest, { time }) => Math.max(latest, time), 0)
    let checked = 0
    for (let elapsed = 0; elapsed <= last; elapsed += evaluationMs) {
      if (!(await this.#evaluate(elapsed))) return this.#failures
      for (; checked < byTime.length && byTime[checked]!.time < elapsed + evaluationMs; checked++)
        this.#checkAlerts(byTime[checked]!)
    }
    for (const query of queries) await this.#checkQuery(query)
    return this.#failures
  }

  /** False if a rule failed. */
  async #evaluate(elapsed: number): Promise<boolean> {
    const now = this.#test.start + elapsed
    this.#data.loadUntil(now)
    for (const group of this.#groups)
      await group.evaluateInTurn(now, group.group.queryOffsetMs ?? 0, samples => this.#data.store(samples))
    const failed = this.#groups.flatMap(({ rules }) => rules).filter(({ lastError }) => lastError !== undefined)
    for (const { rule, lastError } of failed)
      this.#fail(this.#test.position, `rule ${rule.name} at ${durationText(elapsed)}: ${lastError}`)
    return failed.length === 0
  }

  #checkAlerts({ position, time, alertname, alerts }: ExpectedAlerts): void {
    const differences = alertDifferences(alerts, this.#firing(alertname))
    if (differences.length > 0) this.#fail(position, `alert ${alertname} at ${durationText(time)}`, differences)
  }

  #firing(alertname: string): ExpectedAlert[] {
    return this.#groups
      .flatMap(({ rules }) => rules)
      .filter(({ rule }) => rule.name === alertname)
      .flatMap(({ alerts }) => alerts?.active.filter(({ state }) => state === 'firing') ?? [])
  }

  async #checkQuery({ position, time, text, samples }: ExpectedSamples): Promise<void> {
    const message = `query ${text} at ${durationText(time)}`
    try {
      const value = await this.#data.ask(text, this.#test.start + time)
      const differences = sampleDifferences(samples, value, this.#options.isFuzzy)
      if (differences.length > 0) this.#fail(position, message, differences)
    } catch (error) {
      this.#fail(position, `${message}: ${describeError(error)}`)
    }
  }

  #fail(position: Position, message: string, differences: readonly string[] = []): void {
    const { name } = this.#test
    this.#failures.push({ position, message: name === '' ? message : `${name}: ${message}`, differences })
  }
}
