import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { test } from 'node:test'
import { EventBlockBuilder } from '../../../core/model/event-builder.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { StatsdParser } from '../../../receivers/statsd/parser.ts'
import { PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { eventually } from '../../e2e/eventually.ts'
import { Sandbox, type Weir } from '../../e2e/weir-process.ts'

function parser() {
  const made = new StatsdParser(new SeriesTable(), 100, assert.fail)
  const values = (lines: string): number[] => {
    const points = new PointBlockBuilder()
    made.parse(Buffer.from(lines), 1, points, new EventBlockBuilder())
    return Array.from(points.build().value)
  }
  return { gauges: made.gauges, values }
}

test('gauges move on from their saved values, and are saved once', () => {
  const first = parser()
  first.values('depth:10|g|#a:b,c:d\ndepth:+5|g|#c:d,a:b\nother:1|g\nhits:1|c')
  const saved = first.gauges.save()
  assert.deepEqual(
    saved.map(({ series: [metric], level, restarts }) => [metric.name, level, restarts]),
    [
      ['depth', 15, 0],
      ['other', 1, 0]
    ]
  )
  const second = parser()
  second.gauges.restore(saved)
  assert.deepEqual(second.values('depth:-3|g|#a:b,c:d'), [12])
  assert.deepEqual(
    second.gauges.save().map(({ level, restarts }) => [level, restarts]),
    [
      [12, 0],
      [1, 1]
    ]
  )
})

test('a gauge that nobody sends is forgotten after ten restarts', () => {
  let current = parser()
  current.values('depth:10|g')
  for (let restart = 1; restart <= 10; restart++) {
    const next = parser()
    next.gauges.restore(current.gauges.save())
    assert.equal(next.gauges.save().length, 1, `restart ${restart}`)
    current = next
  }
  const last = parser()
  last.gauges.restore(current.gauges.save())
  assert.deepEqual(last.gauges.save(), [])
})

const CONFIG = `
receivers:
  statsd: { endpoint: 127.0.0.1:0, remember_gauges: true }
exporters:
  debug: { verbosity: detailed }
service:
  admin: { endpoint: 127.0.0.1:0 }
  journal: { folder: ./journal }
  pipelines:
    metrics: { receivers: [statsd], exporters: [debug] }
`

test('remember_gauges: a relative change after a restart goes on from the value before it', async t => {
  const sandbox = await Sandbox.open(t)
  const socket = createSocket('udp4')
  t.after(() => void socket.close())
  const send = async (weir: Weir, line: string, value: number) => {
    socket.send(line, weir.statsdPort, '127.0.0.1')
    await eventually(`depth is ${value}`, () => new RegExp(`depth gauge ${value}\\b`).test(weir.stderr + weir.stdout))
  }
  const first = await sandbox.start(CONFIG)
  await send(first, 'depth:10|g', 10)
  process.kill(first.pid, 'SIGTERM')
  await first.ended
  const second = await sandbox.start(CONFIG)
  await send(second, 'depth:+5|g', 15)
})
