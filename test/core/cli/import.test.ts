import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { importConfig } from '../../../core/cli/import.ts'
import { readConfig } from '../../../core/config/validate.ts'
import { MemoryTerminal } from './memory-terminal.ts'

const CASES = path.join(import.meta.dirname, '../../cases/import')
/** The variables that the cases refer to. */
const ENV = Object.fromEntries(
  'ENVIRONMENT MIMIR_TOKEN REGION API_KEY KAFKA_PASSWORD CLICKHOUSE_PASSWORD SHOP_PASSWORD EDGE_PASSWORD CLUSTER'
    .split(' ')
    .map(name => [name, 'a-text-for-tests'])
)

// Golden files. `UPDATE_GOLDEN=1 npm test` writes them anew; read the difference.
for (const tool of ['otelcol', 'vmagent', 'statsd']) {
  describe(`weir import of ${tool}`, () => {
    const files = globSync(`${CASES}/${tool}/*`)
      .filter(file => !file.includes('.expected.'))
      .sort()
    for (const file of files) {
      it(path.basename(file), async () => {
        const terminal = new MemoryTerminal()
        assert.equal(await importConfig(terminal, file, {}), EXIT.ok, terminal.stderr)
        const golden = `${file.replace(/\.\w+$/, '')}.expected.yaml`
        if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden, terminal.stdout)
        assert.ok(existsSync(golden), `write it with UPDATE_GOLDEN=1:\n${terminal.stdout}`)
        assert.equal(terminal.stdout, readFileSync(golden, 'utf8'))
        const { config, problems } = await readConfig([golden], ENV, terminal.registry)
        assert.ok(config, problems.format())
        assert.deepEqual(problems.all, [])
      })
    }
  })
}
