import assert from 'node:assert/strict'
import { test } from 'node:test'
import pino from 'pino'
import plugin from '../../../exporters/debug/index.ts'
import { type EventBlock, FLAG_NO_RECORDED_VALUE, observation, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'

function exporter(config = {}) {
  const lines: Record<string, unknown>[] = []
  const log = pino({ base: null, timestamp: false }, { write: line => void lines.push(JSON.parse(line)) })
  const context = Object.assign(testContext(), { log })
  const texts = () => lines.splice(0).map(({ msg }) => msg)
  return { context, lines, texts, made: plugin.create(testConfig(plugin, config), context) }
}

function points(context: ReturnType<typeof testContext>) {
  const builder = new PointBlockBuilder()
  const counter = { name: 'sent', unit: 'By', description: '', kind: 'counter', temporality: 'delta' } as const
  const histogram = { name: 'took', unit: '', description: '', kind: 'histogram', temporality: 'delta' } as const
  const series = context.series.intern(counter, [['path', '/"']])
  builder.add(series, context.clock.now(), 3)
  builder.add(series, Number.NaN, 0, 0, FLAG_NO_RECORDED_VALUE)
  builder.addDistribution(context.series.intern(histogram, []), context.clock.now(), observation(2, 1))
  return builder.build()
}

const EVENTS: EventBlock = {
  type: 'events',
  length: 2,
  time: Float64Array.of(0, 0),
  name: ['signup', 'login'],
  id: ['e-1', undefined],
  attributes: [[['plan', 'pro']], []],
  value: Float64Array.of(1, 2)
}

test('says as much as it is told to', async () => {
  const silent = exporter({ verbosity: 'none' })
  await silent.made.export(points(silent.context))
  assert.deepEqual(silent.lines, [])
  const basic = exporter()
  await basic.made.export(points(basic.context))
  await basic.made.export(EVENTS)
  assert.deepEqual(basic.lines, [
    { level: 30, points: 3, series: 2, distributions: 1, msg: 'block' },
    { level: 30, events: 2, msg: 'block' }
  ])
})

test('writes every item on its line', async () => {
  const { context, made, texts } = exporter({ verbosity: 'detailed' })
  await made.export(points(context))
  assert.deepEqual(texts(), [
    'block',
    '2023-11-14T22:13:20.000Z sent{path="/\\""} counter delta 3 By',
    'NaN sent{path="/\\""} counter delta ended By',
    '2023-11-14T22:13:20.000Z took histogram delta {"kind":"histogram","count":1,"sum":2,"min":2,"max":2,"bounds":[],"counts":[]}'
  ])
  await made.export(EVENTS)
  assert.deepEqual(texts(), [
    'block',
    '1970-01-01T00:00:00.000Z signup{plan="pro"} event 1 id=e-1',
    '1970-01-01T00:00:00.000Z login event 2'
  ])
})

test('writes no more lines a second than allowed, and says how many it left out', async () => {
  const { context, lines, made } = exporter({ verbosity: 'detailed', max_items_per_second: 4 })
  const written = async () => {
    await made.export(points(context))
    const [, ...items] = lines.splice(0)
    return items.map(({ msg, items }) => (items === undefined ? 'item' : `${items} ${msg}`))
  }
  assert.deepEqual(await written(), ['item', 'item', 'item'])
  assert.deepEqual(await written(), ['item', '2 items left out by max_items_per_second'])
  context.clock.advance(1000)
  assert.deepEqual(await written(), ['item', 'item', 'item'])
})
