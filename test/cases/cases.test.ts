import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { allCases } from './all-cases.ts'
import { runCase } from './run-case.ts'

// README.md has the language. `UPDATE_GOLDEN=1` writes what is expected anew; read the difference.
for (const [{ type, schema }, cases] of await allCases()) {
  test(`every option of ${type} stands in one of its cases`, () => {
    const used = cases.flatMap(({ options }) => Object.keys(options))
    assert.deepEqual(
      Object.keys(schema.properties).filter(option => !used.includes(option)),
      []
    )
  })

  for (const { name, folder, plugin, options, input } of cases) {
    test(name, async () => {
      const seen = await runCase(plugin, options, input)
      const golden = path.join(folder, 'expected.txt')
      if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden, seen)
      assert.ok(existsSync(golden), `write it with UPDATE_GOLDEN=1:\n${seen}`)
      assert.equal(seen, readFileSync(golden, 'utf8'))
    })
  }
}
