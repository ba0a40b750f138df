import { ruleOf, settingsOf, tumbling, type WindowHarness } from './harness.ts'

/** A rule for each kind of state that snapshots of version 6 have. */
export const SETTINGS = settingsOf(
  ruleOf({ match: { name: 'requests' }, windows: [1000, 10_000].map(tumbling) }),
  ruleOf({
    match: { name: 'wait' },
    windows: [{ sizeMs: 20_000, everyMs: 10_000 }],
    aggregations: ['count', 'min', 'max', 'avg', 'last', 'quantiles', 'histogram'],
    late: 'amend'
  }),
  ruleOf({ match: { name: 'visits' }, attribute: 'user', aggregations: ['unique'] })
)

/** Fills windows, and closes some of them. */
export async function fill(weir: WindowHarness): Promise<void> {
  for (const second of [0.5, 5.5, 9.5]) {
    weir.advanceTo(second + 0.1)
    for (const route of ['a', 'b']) {
      const attributes = { route, user: `u${second % 2}` }
      const counter = { temporality: 'cumulative' } as const
      await weir.send(
        { at: second, value: second, name: 'requests', metric: counter, attributes, start: 0.1 },
        { at: second, value: second, name: 'requests', attributes },
        { at: second - 5, value: 7 * second, name: 'wait', attributes },
        { at: second, name: 'visits', attributes }
      )
    }
  }
}
