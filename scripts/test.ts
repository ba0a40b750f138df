// Tests, with Node's own runner: `npm test`, `CI=true npm test` for all, or `npm test -- test/core/**/*.test.ts` for some.
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { buildPage } from './build-page.ts'

const ALL = ['test/**/*.test.ts', 'docs/examples/*.test.ts']
/** One more than the cores this is measured with: files that wait for windows or servers leave theirs to others. */
const CONCURRENCY = 3
/** Files that take longest, the longest first: one that began last would keep one core busy and the others waiting. */
const LONG = [
  'test/sdk/client/browser.test.ts',
  'test/integrity/kill.test.ts',
  'test/package/pack.test.ts',
  'test/plugin/contract.test.ts',
  'test/e2e/clickhouse.test.ts',
  'test/e2e/reload.test.ts',
  'test/exporters/clickhouse/engine-process.test.ts',
  'test/e2e/dead-backend.test.ts',
  'test/e2e/hostile-load.test.ts',
  'test/e2e/otlp-signals.test.ts',
  'test/integrity/disk-full.test.ts',
  'test/e2e/backpressure.test.ts',
  'test/sdk/python.test.ts',
  'test/e2e/workers.test.ts',
  'test/web/explore.test.ts',
  'test/web/dashboards.test.ts',
  'test/web/operations.test.ts',
  'test/web/page.test.ts',
  'test/receivers/kafka/kafka.test.ts',
  'test/integrity/kafka.test.ts',
  'test/receivers/kafka/reload.test.ts',
  'test/receivers/kafka/new-partitions.test.ts',
  'test/sdk/client/chromium.test.ts',
  'test/sdk/client/node.test.ts',
  'test/sdk/client/python.test.ts',
  'test/e2e/start.test.ts',
  'test/processors/windowed_counter/reference.test.ts',
  'test/processors/cardinality_limiter/heavy-hitters.test.ts',
  'test/processors/rollup/stores.test.ts',
  'test/core/model/series-table/lifetimes.test.ts',
  'test/exporters/clickhouse/promql/grid.test.ts',
  'test/e2e/rules.test.ts',
  'test/exporters/clickhouse/promql/prometheus.test.ts',
  'test/exporters/clickhouse/promql/tiers.test.ts',
  'test/e2e/query-api.test.ts',
  'test/docs/commands.test.ts',
  'test/fuzz/remote-write.test.ts',
  'test/fuzz/extremes.test.ts',
  'test/e2e/quickstart.test.ts',
  'test/receivers/otlp/http.test.ts',
  'test/exporters/victoriametrics/stores.test.ts'
]
/**
 * Tests of the whole that take half of the time: processes and brokers that are killed over and over, packages that are
 * installed, browsers, attacks that last. CI runs them, and so does their own name.
 */
const ONLY_IN_CI = [
  'test/integrity/*.test.ts',
  'test/package/*.test.ts',
  'test/web/*.test.ts',
  'test/sdk/client/{browser,chromium,node,python}.test.ts',
  'test/{receivers,exporters}/kafka/{kafka,static-member}.test.ts',
  'test/e2e/{backpressure,clickhouse,dead-backend,hostile-load,reload,workers}.test.ts',
  'test/exporters/clickhouse/engine-process.test.ts',
  'test/bench/programs/measure.test.ts'
]
/** A test that waits for what never comes fails by its name, and does not hold up all others. The longest takes 100 s. */
const LONGEST_TEST_MS = 5 * 60_000
/** Ends the processes of files that still run then, as those that a failed test left something open in. */
const LONGEST_RUN_MS = 45 * 60_000
/** Run in the process of each file, before it. */
const PRELOADED = ['untracked-promises.ts', 'external-memory.ts', 'own-allocator.ts']

const wanted = process.argv.slice(2).flatMap(pattern => globSync(pattern))
const left = new Set(wanted.length > 0 || process.env.CI === 'true' ? [] : globSync(ONLY_IN_CI))
const files = (wanted.length > 0 ? wanted : globSync(ALL).filter(file => !left.has(file))).sort()
const long = LONG.filter(file => files.includes(file))

// Half of the time of a short process goes into stripping types and compiling. All processes of a run share the result.
process.env.NODE_COMPILE_CACHE = mkdtempSync(path.join(tmpdir(), 'weir-compiled-'))
process.on('exit', () => rmSync(process.env.NODE_COMPILE_CACHE!, { recursive: true, force: true }))
process.on('SIGINT', () => process.exit(130))
// Processes write the cache as they end, and most of those that tests start are killed. `run` loads its modules late.
if (files.length > 1) spawnSync(process.execPath, ['--import', './core/cli/run.ts', 'core/main.ts', 'components'])
// glibc would zero tables of 4 MiB by hand once it has freed one: a third of the time of property tests, which make one
// for each run. Above a fixed threshold it takes zeroed pages of the system. Processes that tests start do without.
process.env.MALLOC_MMAP_THRESHOLD_ = `${2 ** 20}`
await buildPage()

const tests = run({
  files: [...long, ...files.filter(file => !long.includes(file))],
  concurrency: CONCURRENCY,
  timeout: LONGEST_TEST_MS,
  signal: AbortSignal.timeout(LONGEST_RUN_MS),
  // Examples import weir/plugin, here its sources.
  execArgv: ['--conditions=weir-source', ...PRELOADED.map(file => `--import=${new URL(file, import.meta.url)}`)]
})
tests.on('test:summary', ({ file, success }) => {
  if (file === undefined && !success) process.exitCode = 1
})
tests.compose(spec).pipe(process.stdout)
if (left.size > 0)
  process.on('exit', () =>
    console.log(`${left.size} files of long tests were left out; CI=true npm test runs them too`)
  )
