import { Labels } from '../promql/labels.ts'
import type { AlertingRule } from './rule-group.ts'
import { RuleError, type RuleSample, type VectorResult } from './samples.ts'

/** Alertmanager is told for so long that an alert is over: it may have been away. */
const RESOLVED_RETENTION_MS = 15 * 60_000
/** Alertmanager takes an alert for over if it does not hear of it for so many intervals. */
const VALID_INTERVALS = 4

export type AlertState = 'inactive' | 'pending' | 'firing'

/** One alert of a rule. Times are Unix ms; undefined if there was no such moment. */
export interface Alert {
  readonly labels: Labels
  annotations: Labels
  state: AlertState
  value: number
  readonly activeAt: number
  firedAt: number | undefined
  resolvedAt: number | undefined
  keepFiringSince: number | undefined
  lastSentAt: number | undefined
  validUntil: number | undefined
}

/** The texts of one alert, with its templates filled in. */
export interface AlertTexts {
  readonly labels: Labels
  readonly annotations: Labels
}

/** An alert as it is saved between two runs. */
export type SavedAlert = Omit<Alert, 'labels' | 'annotations'> & {
  readonly labels: Labels['pairs']
  readonly annotations: Labels['pairs']
}

/**
 * The alerts of one rule, from evaluation to evaluation, as Prometheus has them: pending until they have been active for
 * `for`, then firing, and for some time inactive after their end.
 */
export class RuleAlerts {
  readonly #rule: AlertingRule
  /** By their labels. */
  #alerts = new Map<string, Alert>()

  constructor(rule: AlertingRule) {
    this.#rule = rule
  }

  /** Pending and firing ones. */
  get active(): Alert[] {
    return [...this.#alerts.values()].filter(({ state }) => state !== 'inactive')
  }

  get state(): AlertState {
    const states = new Set(this.active.map(({ state }) => state))
    if (states.has('firing')) return 'firing'
    return states.has('pending') ? 'pending' : 'inactive'
  }

  /**
   * Takes the results of the expression at `now`. Throws a {@link RuleError} if two of them make the same alert.
   * @param textsOf the labels and annotations of the alert that a result makes
   */
  async update(results: readonly VectorResult[], now: number, textsOf: (result: VectorResult) => Promise<AlertTexts>) {
    const present = new Set<string>()
    const found: [VectorResult, AlertTexts][] = []
    for (const result of results) {
      const texts = await textsOf(result)
      const { key } = texts.labels
      if (present.has(key))
        throw new RuleError(
          'several results of the expression make an alert with the same labels: tell them apart by one'
        )
      present.add(key)
      found.push([result, texts])
    }
    for (const [{ value }, { labels, annotations }] of found) this.#seen(labels, annotations, value, now)
    for (const [key, alert] of this.#alerts) {
      if (present.has(key)) alert.keepFiringSince = undefined
      else if (!this.#goesOn(key, alert, now)) continue
      if (alert.state === 'pending' && now - alert.activeAt >= this.#rule.forMs) {
        alert.state = 'firing'
        alert.firedAt = now
      }
    }
  }

  /** All alerts are over, and Alertmanager is not told: there are too many of them. */
  clear(): void {
    this.#alerts.clear()
  }

  /** The series `ALERTS` and `ALERTS_FOR_STATE`. @param time of the samples, Unix ms */
  samples(time: number): RuleSample[] {
    return this.active.flatMap(({ labels, state, activeAt }) => {
      const sample = (name: string, value: number, more: readonly (readonly [string, string])[] = []): RuleSample => ({
        labels: labels.with([['__name__', name], ...more]),
        time,
        value,
        isStale: false
      })
      return [sample('ALERTS', 1, [['alertstate', state]]), sample('ALERTS_FOR_STATE', Math.floor(activeAt / 1000))]
    })
  }

  /** Alerts that Alertmanager is to be told now. They count as told. */
  toSend(now: number, resendDelayMs: number, intervalMs: number): Alert[] {
    const due = [...this.#alerts.values()].filter(alert => isDue(alert, now, resendDelayMs))
    for (const alert of due) {
      alert.lastSentAt = now
      alert.validUntil = now + VALID_INTERVALS * Math.max(intervalMs, resendDelayMs)
    }
    return due
  }

  save(): SavedAlert[] {
    return [...this.#alerts.values()].map(alert => ({
      ...alert,
      labels: alert.labels.pairs,
      annotations: alert.annotations.pairs
    }))
  }

  restore(saved: readonly SavedAlert[]): void {
    const alerts = saved.map(({ labels, annotations, ...alert }) => ({
      ...alert,
      labels: Labels.of(labels),
      annotations: Labels.of(annotations)
    }))
    this.#alerts = new Map(alerts.map(alert => [alert.labels.key, alert]))
  }

  #seen(labels: Labels, annotations: Labels, value: number, now: number): void {
    const known = this.#alerts.get(labels.key)
    if (known !== undefined && known.state !== 'inactive') {
      known.value = value
      known.annotations = annotations
      return
    }
    this.#alerts.set(labels.key, {
      labels,
      annotations,
      state: 'pending',
      value,
      activeAt: now,
      firedAt: undefined,
      resolvedAt: undefined,
      keepFiringSince: undefined,
      lastSentAt: undefined,
      validUntil: undefined
    })
  }

  /** True if an alert without a result is firing still. */
  #goesOn(key: string, alert: Alert, now: number): boolean {
    if (alert.state === 'firing' && this.#rule.keepFiringForMs > 0) {
      alert.keepFiringSince ??= now
      if (now - alert.keepFiringSince < this.#rule.keepFiringForMs) return true
    }
    const isOld = alert.resolvedAt !== undefined && now - alert.resolvedAt > RESOLVED_RETENTION_MS
    if (alert.state === 'pending' || isOld) this.#alerts.delete(key)
    if (alert.state !== 'inactive') {
      alert.state = 'inactive'
      alert.resolvedAt = now
    }
    return false
  }
}

function isDue({ state, resolvedAt, lastSentAt }: Alert, now: number, resendDelayMs: number): boolean {
  if (state === 'pending') return false
  if (resolvedAt !== undefined && (lastSentAt === undefined || resolvedAt > lastSentAt)) return true
  return lastSentAt === undefined || now - lastSentAt > resendDelayMs
}
