// Every test, with Node's own runner: `npm test`, or `npm test -- test/core/**/*.test.ts` for some.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

const ALL = ['test/**/*.test.ts', 'docs/examples/*.test.ts']
const CONCURRENCY = 2

const files = process.argv.slice(2).flatMap(pattern => globSync(pattern))
const { status } = spawnSync(
  process.execPath,
  [
    '--test',
    // Examples import weir/plugin, here its sources.
    '--conditions=weir-source',
    `--test-concurrency=${CONCURRENCY}`,
    '--test-reporter=spec',
    ...(files.length > 0 ? files : globSync(ALL).sort())
  ],
  { stdio: 'inherit' }
)
process.exit(status ?? 1)
