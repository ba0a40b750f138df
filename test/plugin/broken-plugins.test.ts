import assert from 'node:assert/strict'
import { it } from 'node:test'
import { contractOf } from '../../sdk/plugin/contract-test.ts'
import { BROKEN_PLUGINS } from './broken-plugins.ts'

for (const { fault, plugin, rules, unreachable = false } of BROKEN_PLUGINS)
  it(`contract: a plugin that ${fault} is found out`, async () => {
    const broken: string[] = []
    for (const { name, check } of contractOf(plugin, { unreachable }))
      if (rules.includes(name)) await check().catch(() => broken.push(name))
    assert.deepEqual(broken, rules)
  })
