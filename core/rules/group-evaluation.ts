import { describeError } from '../errors.ts'
import { Labels, METRIC_NAME } from '../promql/labels.ts'
import { type Alert, type AlertTexts, RuleAlerts, type SavedAlert } from './alerts.ts'
import type { AlertingRule, Rule, RuleGroup } from './rule-group.ts'
import { type AskVector, RuleError, type RuleSample, type VectorResult } from './samples.ts'
import { expandTemplate, type TemplateHost } from './template/template.ts'

/** One rule as it runs. */
export interface RunningRule {
  readonly rule: Rule
  /** Of an alerting rule. */
  readonly alerts: RuleAlerts | undefined
  lastError: string | undefined
  /** Of the last evaluation: why a template could not be expanded. The alerts have a text that says so. */
  templateError: string | undefined
  /** Unix ms; undefined before the first. */
  lastEvaluation: number | undefined
  /** Of the last evaluation, in ms. */
  durationMs: number
  /** Series of the last evaluation that succeeded, by their labels. */
  series: ReadonlyMap<string, Labels>
}

/** The world around rules. */
export interface RulesHost {
  readonly ask: AskVector
  readonly externalLabels: Readonly<Record<string, string>>
  /** Empty if it is not known. */
  readonly externalUrl: string
  /** ms; for durations. */
  elapsed(): number
}

/** State of a group between two runs, by the text of each rule. */
export type SavedGroup = Readonly<Record<string, SavedRule>>

interface SavedRule {
  readonly alerts: readonly SavedAlert[]
  /** Series that end unless the rule makes them again. */
  readonly series: readonly Labels['pairs'][]
}

/** Evaluates the rules of one group, in their order: a rule sees what those before it have made only once it is stored. */
export class GroupEvaluation {
  readonly group: RuleGroup
  readonly rules: readonly RunningRule[]
  readonly #host: RulesHost
  /** Series of rules that are gone. */
  #orphans: Labels[] = []
  lastEvaluation: number | undefined
  durationMs = 0

  constructor(group: RuleGroup, host: RulesHost) {
    this.group = group
    this.#host = host
    this.rules = group.rules.map(rule => ({
      rule,
      alerts: rule.kind === 'alerting' ? new RuleAlerts(rule) : undefined,
      lastError: undefined,
      templateError: undefined,
      lastEvaluation: undefined,
      durationMs: 0,
      series: new Map()
    }))
  }

  /** The samples of all rules at `now`, Unix ms. A rule that fails has none, and tells why in `lastError`. */
  async evaluate(now: number, queryOffsetMs: number): Promise<RuleSample[]> {
    const samples: RuleSample[] = []
    await this.evaluateInTurn(now, queryOffsetMs, made => samples.push(...made))
    return samples
  }

  /** As {@link evaluate}, but `store` gets the samples of each rule before the next one is evaluated, which sees them. */
  async evaluateInTurn(
    now: number,
    queryOffsetMs: number,
    store: (samples: readonly RuleSample[]) => void
  ): Promise<void> {
    const { elapsed } = this.#host
    const begun = elapsed()
    for (const running of this.rules) {
      const start = elapsed()
      running.templateError = undefined
      try {
        store(await this.#evaluateRule(running, now, queryOffsetMs))
        running.lastError = undefined
      } catch (error) {
        running.lastError = describeError(error)
      }
      running.lastEvaluation = now
      running.durationMs = elapsed() - start
    }
    store(this.#endOrphans(now - queryOffsetMs))
    this.lastEvaluation = now
    this.durationMs = elapsed() - begun
  }

  /** Ends all series of the group: it is not evaluated any more. */
  end(time: number): RuleSample[] {
    return this.rules.flatMap(({ series }) => Array.from(series.values(), labels => staleSample(labels, time)))
  }

  toSend(
    now: number,
    resendDelayMs: number,
    intervalMs: number
  ): { readonly rule: AlertingRule; readonly alert: Alert }[] {
    return this.rules.flatMap(({ rule, alerts }) =>
      rule.kind === 'alerting' && alerts !== undefined
        ? alerts.toSend(now, resendDelayMs, intervalMs).map(alert => ({ rule, alert }))
        : []
    )
  }

  save(): SavedGroup {
    return Object.fromEntries(
      this.rules.map(({ rule, alerts, series }) => [
        keyOf(rule),
        { alerts: alerts?.save() ?? [], series: Array.from(series.values(), ({ pairs }) => pairs) }
      ])
    )
  }

  restore(saved: SavedGroup): void {
    const left = new Map(Object.entries(saved))
    for (const running of this.rules) {
      const own = left.get(keyOf(running.rule))
      if (own === undefined) continue
      left.delete(keyOf(running.rule))
      running.alerts?.restore(own.alerts)
      running.series = new Map(own.series.map(pairs => Labels.of(pairs)).map(labels => [labels.key, labels]))
    }
    this.#orphans = [...left.values()].flatMap(({ series }) => series.map(pairs => Labels.of(pairs)))
  }

  /** Another rule may make a series of one that is gone. */
  #endOrphans(time: number): RuleSample[] {
    const made = new Set(this.rules.flatMap(({ series }) => [...series.keys()]))
    const orphans = this.#orphans.filter(({ key }) => !made.has(key))
    this.#orphans = []
    return orphans.map(labels => staleSample(labels, time))
  }

  async #evaluateRule(running: RunningRule, now: number, queryOffsetMs: number): Promise<RuleSample[]> {
    const { rule, alerts } = running
    const time = now - queryOffsetMs
    const results = await this.#host.ask(rule.query, time)
    const samples =
      rule.kind === 'recording'
        ? recorded(rule.name, rule.labels, results, time)
        : await this.#alerting(running, rule, results, now, time)
    const { limit } = this.group
    const count = alerts === undefined ? samples.length : alerts.active.length
    if (limit > 0 && count > limit) {
      alerts?.clear()
      throw new RuleError(
        `it makes ${count} ${alerts === undefined ? 'series' : 'alerts'}, more than the group's limit of ${limit}`
      )
    }
    const before = running.series
    running.series = new Map(samples.map(({ labels }) => [labels.key, labels]))
    const ended = [...before.values()].filter(({ key }) => !running.series.has(key))
    return [...samples, ...ended.map(labels => staleSample(labels, time))]
  }

  async #alerting(
    running: RunningRule,
    rule: AlertingRule,
    results: readonly VectorResult[],
    now: number,
    time: number
  ) {
    const host: TemplateHost = {
      ask: this.#host.ask,
      templateFailed: message => {
        running.templateError ??= message
      }
    }
    await running.alerts!.update(results, now, result => this.#textsOf(rule, result, time, host))
    return running.alerts!.samples(time)
  }

  async #textsOf(
    rule: AlertingRule,
    { labels, value }: VectorResult,
    time: number,
    host: TemplateHost
  ): Promise<AlertTexts> {
    const { externalLabels, externalUrl } = this.#host
    const data = { alert: rule.name, labels: labels.toJSON(), value, externalLabels, externalUrl, time }
    const expand = async (texts: Readonly<Record<string, string>>) => {
      const pairs: [string, string][] = []
      for (const [name, text] of Object.entries(texts)) pairs.push([name, await expandTemplate(text, data, host)])
      return pairs
    }
    const own = await expand(rule.labels)
    return {
      labels: labels.with([[METRIC_NAME, ''], ...own, ['alertname', rule.name]]),
      annotations: Labels.of(await expand(rule.annotations))
    }
  }
}

function recorded(
  name: string,
  more: Readonly<Record<string, string>>,
  results: readonly VectorResult[],
  time: number
): RuleSample[] {
  const samples = results.map(({ labels, value }) => ({
    labels: labels.with([[METRIC_NAME, name], ...Object.entries(more)]),
    time,
    value,
    isStale: false
  }))
  if (new Set(samples.map(({ labels }) => labels.key)).size < samples.length)
    throw new RuleError('several results of the expression make the same series once the labels of the rule are set')
  return samples
}

const staleSample = (labels: Labels, time: number): RuleSample => ({ labels, time, value: Number.NaN, isStale: true })

const keyOf = (rule: Rule) => `${rule.name} ${rule.query} ${JSON.stringify(rule.labels)}`
