import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Labels, type MetricFamily, Metrics } from '../../../core/telemetry/metrics.ts'

function family(name: string, read: MetricFamily['read'], type: MetricFamily['type'] = 'counter'): MetricFamily {
  return { name, type, help: `About ${name}.`, read }
}

test('the exposition, byte by byte', async () => {
  const metrics = new Metrics()
  metrics.add({
    name: 'weir_a_total',
    type: 'counter',
    help: 'Back\\slash,\nline.',
    *read() {
      yield { labels: {} as Labels, value: 1 }
      yield { labels: { component: 'x/y', reason: 'say "no"\n\\' }, value: 2.5 }
    }
  })
  metrics.add(family('weir_none', () => [], 'gauge'))
  const values = [Number.POSITIVE_INFINITY, Number.NaN, 1e21, 0.1]
  metrics.add(family('weir_c', () => values.map((value, i) => ({ labels: { a: String(i) }, value })), 'gauge'))
  metrics.add(family('weir_a_total', () => [{ labels: { component: 'z' }, value: 7 }]))
  assert.equal(
    await metrics.toPrometheusText(),
    `# HELP weir_a_total Back\\\\slash,\\nline.
# TYPE weir_a_total counter
weir_a_total 1
weir_a_total{component="x/y",reason="say \\"no\\"\\n\\\\"} 2.5
weir_a_total{component="z"} 7
# HELP weir_none About weir_none.
# TYPE weir_none gauge
# HELP weir_c About weir_c.
# TYPE weir_c gauge
weir_c{a="0"} +Inf
weir_c{a="1"} NaN
weir_c{a="2"} 1e+21
weir_c{a="3"} 0.1
`
  )
})

test('values are read anew each time; removed instruments are gone', async () => {
  const metrics = new Metrics()
  let value = 0
  const remove = metrics.add(family('weir_a_total', () => [{ labels: { component: 'x' }, value: ++value }]))
  metrics.add(family('weir_a_total', () => [{ labels: { component: 'y' }, value: 9 }]))
  assert.deepEqual(await samples(metrics), ['weir_a_total{component="x"} 1', 'weir_a_total{component="y"} 9'])
  assert.deepEqual(await samples(metrics), ['weir_a_total{component="x"} 2', 'weir_a_total{component="y"} 9'])
  remove()
  remove()
  assert.deepEqual(await samples(metrics), ['weir_a_total{component="y"} 9'])
})

test('regression: a component and its successor of a reload stood in the exposition as the same series twice', async () => {
  const metrics = new Metrics()
  for (const value of [1, 2]) metrics.add(family('weir_a_total', () => [{ labels: { component: 'x' }, value }]))
  assert.deepEqual(await samples(metrics), ['weir_a_total{component="x"} 2'])
})

async function samples(metrics: Metrics): Promise<string[]> {
  const lines = (await metrics.toPrometheusText()).trimEnd().split('\n')
  return lines.filter(line => !line.startsWith('#'))
}
