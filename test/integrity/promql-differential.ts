// Asks Weir with ClickHouse and Prometheus 3 the same random queries about the same samples, and shows the differences:
//
//     npm run promql-differential -- --queries 1000 [--seed N]
import { parseArgs } from 'node:util'
import { compareStores, type Outcome } from '../exporters/clickhouse/promql/differential/compare.ts'
import { recentPrometheusProgram } from '../servers/prometheus.ts'

const DIFFERENCES_SHOWN = 20

const { values } = parseArgs({
  options: {
    queries: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) }
  }
})
const { path: prometheus, skip } = await recentPrometheusProgram()
if (skip) throw new Error(skip)
console.log(`seed ${values.seed}`)
const ends: (() => unknown)[] = []
try {
  const t = { after: (end: () => unknown) => void ends.push(end) }
  const seed = Number(values.seed)
  process.exitCode = report(await compareStores(t, { prometheus, version: 3, seed, queries: Number(values.queries) }))
} finally {
  for (const end of ends.reverse()) await end()
}

function report({ answered, refused, excepted, differences }: Outcome): number {
  console.log(`${answered} queries with results, ${refused} refused by both, ${differences.length} differences`)
  for (const [{ reason }, count] of excepted) console.log(`${count} known differences: ${reason}`)
  for (const { difference, ...asked } of differences.slice(0, DIFFERENCES_SHOWN))
    console.log(`${JSON.stringify(asked)}\n  ${difference}`)
  return differences.length === 0 ? 0 : 1
}
