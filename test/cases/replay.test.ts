import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allCases } from './all-cases.ts'
import { runCase } from './run-case.ts'

// With a journal, what came in since the last snapshot is processed again after a crash, and must become the same.
for (const { name, plugin, options, input } of [...(await allCases()).values()].flat()) {
  if (plugin.rejects?.(options)) continue
  test(`${name} goes on from a snapshot at any place as if nothing had happened`, async () => {
    const paragraphs = input.split(/\n\s*\n/)
    const whole = await runCase(plugin, options, input, true)
    for (let at = 1; at < paragraphs.length; at++) {
      const crashed = paragraphs.toSpliced(at, 0, 'crash').join('\n\n')
      assert.equal(await runCase(plugin, options, crashed, true), whole, `before ${paragraphs[at]}`)
    }
  })
}
