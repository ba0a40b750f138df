import type { IncomingMessage } from 'node:http'
import { beginningOf, quoted } from '../../core/http/answer.ts'
import { post } from '../../core/http/post.ts'
import type { Alert } from '../../core/rules/alerts.ts'
import type { AlertingRule } from '../../core/rules/rule-group.ts'
import { type Context, describeError } from '../../sdk/plugin/index.ts'
import type { AlertmanagerConfig, Config } from './config.ts'

/** Alertmanagers take any number, and requests should end within their timeout. */
const MAX_ALERTS_PER_REQUEST = 1000

interface DueAlert {
  readonly rule: AlertingRule
  readonly alert: Alert
}

/** Tells Alertmanagers of alerts, by their API: https://prometheus.io/docs/alerting/latest/alerts_api/ */
export class Alertmanagers {
  readonly #config: Pick<Config, 'alertmanagers' | 'external_labels' | 'external_url'>
  readonly #context: Pick<Context, 'log' | 'status'>
  readonly #sent: { add(value: number): void }
  readonly #failed: { add(value: number): void }
  readonly #stop = new AbortController()

  constructor(config: Config, context: Context) {
    this.#config = config
    this.#context = context
    this.#sent = context.instruments.counter('alerts_sent_total', 'Alerts that an Alertmanager has taken.')
    this.#failed = context.instruments.counter(
      'alerts_failed_total',
      'Alerts that an Alertmanager has not taken. If none has, they are sent again.'
    )
  }

  get isNeeded(): boolean {
    return this.#config.alertmanagers.length > 0
  }

  close(): void {
    this.#stop.abort()
  }

  /** Tells all of them. Alerts that none has taken are due again. */
  async send(due: readonly DueAlert[]): Promise<void> {
    for (let from = 0; from < due.length; from += MAX_ALERTS_PER_REQUEST) {
      const part = due.slice(from, from + MAX_ALERTS_PER_REQUEST)
      const body = new TextEncoder().encode(JSON.stringify(part.map(one => this.#json(one))))
      const taken = await Promise.all(this.#config.alertmanagers.map(one => this.#post(one, body, part.length)))
      if (!taken.includes(true)) for (const { alert } of part) alert.lastSentAt = undefined
    }
  }

  async #post({ url, headers, timeout }: AlertmanagerConfig, body: Uint8Array, count: number): Promise<boolean> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timeout)])
    const target = new URL(`${url.replace(/\/$/, '')}/api/v2/alerts`)
    try {
      const answer = await post(target, { 'content-type': 'application/json', ...headers }, body, signal)
      await assertTaken(answer)
      this.#sent.add(count)
      this.#context.status('ok')
      return true
    } catch (error) {
      if (this.#stop.signal.aborted) return false
      this.#failed.add(count)
      this.#context.status('degraded', `${url} does not take alerts: ${describeError(error)}`)
      this.#context.log.warn({ url, alerts: count, err: describeError(error) }, 'an Alertmanager does not take alerts')
      return false
    }
  }

  #json({ rule, alert }: DueAlert): object {
    const { external_labels, external_url } = this.#config
    const link = new URLSearchParams({ 'g0.expr': rule.query, 'g0.tab': '1' })
    return {
      labels: { ...external_labels, ...alert.labels.toJSON() },
      annotations: alert.annotations.toJSON(),
      startsAt: isoTime(alert.firedAt),
      endsAt: isoTime(alert.resolvedAt ?? alert.validUntil),
      generatorURL: external_url === '' ? '' : `${external_url.replace(/\/$/, '')}/graph?${link}`
    }
  }
}

async function assertTaken(answer: IncomingMessage): Promise<void> {
  const status = answer.statusCode ?? 0
  const beginning = await beginningOf(answer)
  if (status < 200 || status > 299) throw new Error(`status ${status}: ${quoted(beginning)}`)
}

const isoTime = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString())
