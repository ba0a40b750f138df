import type { GroupStatus } from '../plugin/stores.ts'
import { valueText } from '../queries/answer-json.ts'
import type { Alert } from './alerts.ts'
import type { GroupEvaluation, RunningRule } from './group-evaluation.ts'

/** A group of rules as `/api/v1/rules` shows it: https://prometheus.io/docs/prometheus/latest/querying/api/#rules */
export function groupStatus({
  evaluation,
  intervalMs
}: {
  evaluation: GroupEvaluation
  intervalMs: number
}): GroupStatus {
  const { group, rules, lastEvaluation, durationMs } = evaluation
  return {
    name: group.name,
    file: group.file,
    interval: intervalMs / 1000,
    limit: group.limit,
    rules: rules.map(ruleStatus),
    evaluationTime: durationMs / 1000,
    lastEvaluation: timeText(lastEvaluation)
  }
}

function ruleStatus({
  rule,
  alerts,
  lastError,
  lastEvaluation,
  durationMs
}: RunningRule): GroupStatus['rules'][number] {
  const common = {
    name: rule.name,
    query: rule.query,
    labels: rule.labels,
    health: lastError === undefined ? (lastEvaluation === undefined ? 'unknown' : 'ok') : 'err',
    ...(lastError === undefined ? {} : { lastError }),
    evaluationTime: durationMs / 1000,
    lastEvaluation: timeText(lastEvaluation)
  }
  if (rule.kind === 'recording') return { ...common, type: 'recording' }
  return {
    ...common,
    type: 'alerting',
    state: alerts!.state,
    duration: rule.forMs / 1000,
    keepFiringFor: rule.keepFiringForMs / 1000,
    annotations: rule.annotations,
    alerts: alerts!.active.map(alertStatus)
  }
}

function alertStatus({ labels, annotations, state, activeAt, keepFiringSince, value }: Alert) {
  return {
    labels: labels.toJSON(),
    annotations: annotations.toJSON(),
    state,
    activeAt: timeText(activeAt),
    ...(keepFiringSince === undefined ? {} : { keepFiringSince: timeText(keepFiringSince) }),
    value: valueText(value)
  }
}

/** Go's zero time stands for none. */
function timeText(ms: number | undefined): string {
  return ms === undefined ? '0001-01-01T00:00:00Z' : new Date(ms).toISOString()
}
