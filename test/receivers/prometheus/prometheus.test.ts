import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FLAG_NO_RECORDED_VALUE, type PointBlock } from '../../../sdk/plugin/index.ts'
import { eventually } from '../../e2e/eventually.ts'
import { prometheusProgram, startPrometheus } from '../../servers/prometheus.ts'
import { exposed, scraping } from './harness.ts'

const program = await prometheusProgram()

/** Own labels that meet those of the target, all types, and numbers as targets write them. */
const TEXT = `# HELP http_requests Requests.
# TYPE http_requests counter
http_requests_total{method="post",code="200",job="own"} 1.027e+03 # {id="x"} 1
http_requests_created{method="post",code="200",job="own"} 1.5e9
# TYPE wait_seconds histogram
# UNIT wait_seconds seconds
wait_seconds_bucket{le="0.05"} 24054
wait_seconds_bucket{le="+Inf"} 144320
wait_seconds_sum 53423.25
wait_seconds_count 144320
# TYPE rpc summary
rpc{quantile="0.5",zone="own"} -4773
rpc_sum 1.7560473e+07
rpc_count 2693
# TYPE escaped gauge
escaped{path="C:\\\\DIR\\\\FILE.TXT",error="no \\"FILE\\"\\n"} 1
# TYPE escapes gauge
escapes{x="ü"} -Inf
dropped{a="b"} 1
numbered{n="7"} +Inf
# TYPE going gauge
going 1
`
const END = '# EOF\n'

const RULES = [
  { source_labels: ['__name__'], regex: 'drop.*', action: 'drop' },
  { source_labels: ['method', 'code'], separator: '-', regex: '(.+)-(.+)', target_label: 'both', replacement: '$2/$1' },
  { regex: 'meth(od)', action: 'labelmap', replacement: 'm_$1' },
  { regex: 'code', action: 'labeldrop' },
  { source_labels: ['both'], target_label: 'part', modulus: 7, action: 'hashmod' },
  { source_labels: ['x'], target_label: 'upper', action: 'uppercase' }
]

/** Labels as text → value, of what is there after some scrapes. */
function play(blocks: readonly PointBlock[]): Record<string, number> {
  const state: Record<string, number> = {}
  for (const { series, value, flags, length } of blocks)
    for (let i = 0; i < length; i++) {
      const { metric, attributes, resource } = series.at(i)
      const { 'service.name': job, 'service.instance.id': instance } = Object.fromEntries(resource.attributes)
      const labels = { __name__: metric.name, ...Object.fromEntries(attributes), job, instance }
      if ((flags[i] & FLAG_NO_RECORDED_VALUE) !== 0) delete state[textOf(labels)]
      else state[textOf(labels)] = value[i]
    }
  return comparable(state)
}

const textOf = (labels: object) => JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))

/** Without durations, which are never the same, and series that are new, of which there are none in later scrapes. */
const comparable = (state: Record<string, number>) =>
  Object.fromEntries(
    Object.entries(state)
      .filter(([text]) => !/scrape_(duration|series_added)/.test(text))
      .sort()
  )

test('what Weir scrapes is what Prometheus scrapes', {
  skip: program.skip
}, async t => {
  const target = await exposed(t, TEXT + END)
  target.contentType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
  const job = {
    job_name: 'compared',
    metric_relabel_configs: RULES,
    static_configs: [{ targets: [target.address], labels: { zone: 'z' } }]
  }
  const fast = { ...job, scrape_interval: '200ms', scrape_timeout: '200ms' }
  const server = await startPrometheus(program.path, `scrape_configs: [${JSON.stringify(fast)}]\n`)
  t.after(() => server.stop())
  const { blocks, scrape } = await scraping(t, job)
  const same = async (phase: string) => {
    await scrape()
    const own = play(blocks)
    await eventually(`the same ${phase}`, async () => {
      const found = await server.query('{zone=~".+"}', Date.now())
      const all = Object.fromEntries(found.map(({ metric, value }) => [textOf(metric), value]))
      assert.deepEqual(own, comparable(all))
      return true
    })
    return own
  }
  assert.equal(Object.keys(await same('samples')).length, 16)
  target.body = TEXT.replace('going 1\n', '') + END
  assert.equal(Object.keys(await same('after a series ended')).length, 15)
  target.status = 500
  assert.equal(Object.keys(await same('while it is down')).length, 3)
})
