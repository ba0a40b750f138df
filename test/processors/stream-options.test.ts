import assert from 'node:assert/strict'
import { test } from 'node:test'
import cumulativeToDelta from '../../processors/cumulative_to_delta/index.ts'
import deltaToCumulative from '../../processors/delta_to_cumulative/index.ts'
import { testConfig } from '../../sdk/plugin/testing.ts'

for (const [config, message] of [
  [{ max_stale: '500ms' }, /max_stale: it must be at least 1s/],
  [{ max_streams: 0 }, /max_streams/],
  [{ match: { name: { regex: '(' } } }, /match\.name\.regex/]
] as const) {
  for (const plugin of [cumulativeToDelta, deltaToCumulative]) {
    test(`${plugin.type} refuses ${JSON.stringify(config)}`, () => {
      assert.throws(() => testConfig(plugin as never, config), message)
    })
  }
}
