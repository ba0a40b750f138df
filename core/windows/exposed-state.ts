import type { Context } from '../plugin/context.ts'
import type { StateFigures } from '../plugin/inspection.ts'
import type { State } from './state.ts'
import type { WindowRule } from './window-rule.ts'

/** The state of an engine as own metrics. */
export function exposeState(state: State, { instruments, clock }: Context): void {
  const { rules, watermark } = state
  const gauge = (name: string, help: string, of: (rule: WindowRule) => number) =>
    instruments.gauge(name, help, () => sum(rules, of))
  gauge('groups', 'Groups counted.', ({ groups }) => groups.size)
  gauge('overflowed_groups', 'Groups beyond max_groups.', ({ groups }) => groups.overflowed)
  gauge('open_windows', 'Windows not yet sent.', ({ windows }) => windows.open)
  gauge('state_bytes', 'Memory of windows, groups and totals.', ({ bytes }) => bytes)
  instruments.gauge(
    'lagging_sources',
    'Sources too far behind the others to hold windows open.',
    () => watermark.lagging
  )
  instruments.gauge('watermark_lag_seconds', 'How far the watermark is behind the clock.', () =>
    Number.isFinite(watermark.value) ? (clock.now() - watermark.value) / 1000 : 0
  )
}

/** The same for the status. */
export function figuresOf({ rules, watermark }: State): StateFigures {
  const entries = {
    groups: sum(rules, ({ groups }) => groups.size),
    open_windows: sum(rules, ({ windows }) => windows.open)
  }
  const bytes = sum(rules, rule => rule.bytes)
  return Number.isFinite(watermark.value) ? { entries, bytes, watermark: watermark.value } : { entries, bytes }
}

function sum(rules: State['rules'], of: (rule: WindowRule) => number): number {
  return rules.reduce((total, rule) => total + of(rule), 0)
}
