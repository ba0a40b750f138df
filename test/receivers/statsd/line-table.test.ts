import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { NO_RESOURCE, NO_SCOPE } from '../../../core/model/series.ts'
import { UNKNOWN } from '../../../core/model/series-table/key-table.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { runThrough } from '../../../core/model/stepwise.ts'
import { COUNTER, GAUGE, IDLE, type LineKind, LineTable, lineTableBytes } from '../../../receivers/statsd/line-table.ts'
import { collectGarbage } from '../../garbage.ts'

const METRIC = { name: 'm', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const

function tableOf(maxLines: number) {
  const series = new SeriesTable()
  const lines = new LineTable(series, maxLines)
  const context = series.contextOf(METRIC, NO_RESOURCE, NO_SCOPE)
  const keyOf = (name: string, sections: string) => {
    const bytes = Buffer.from(name + sections)
    return [name.length, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), bytes.length] as const
  }
  const find = (name: string, sections = 'c') => lines.find(...keyOf(name, sections))
  const add = (name: string, sections = 'c', kind: LineKind = COUNTER) => {
    const id = series.receive(context, [['name', `${name} ${sections}`]])
    lines.add(...keyOf(name, sections), { kind, rate: 0.5, series: id })
    return id
  }
  const isKnown = (name: string) => {
    const id = find(name)
    return id !== UNKNOWN && lines.use(id) !== IDLE
  }
  return { series, lines, find, add, isKnown }
}

test('lines in use stay, others go when there is no room', () => {
  const { lines, add, isKnown, find } = tableOf(10)
  add('dear')
  for (let i = 0; i < 50; i++) {
    add(`passing ${i}`)
    if (i % 3 === 0) assert.ok(isKnown('dear'), `after ${i}`)
  }
  assert.equal(find('passing 5'), UNKNOWN)
  assert.notEqual(find('passing 49'), UNKNOWN)
  assert.equal(lines.evicted, 41)
})

test('one name with many meanings, and the same bytes with a name of another length', () => {
  const { lines, add, find } = tableOf(10)
  const ids = Array.from({ length: 4 }, (_, i) => add('name', `c|#tag:${i}`))
  const id = find('name', 'c|#tag:2')
  assert.deepEqual([lines.seriesOf(id), lines.rateOf(id), lines.use(id)], [ids[2], 0.5, COUNTER])
  for (const [name, sections] of [
    ['name', 'g'],
    ['other', 'c'],
    ['namec', '|#tag:2']
  ])
    assert.equal(find(name, sections), UNKNOWN)
})

test('a line that took the place of another has nothing of it', () => {
  const { lines, series, add, find } = tableOf(1)
  add('first')
  const id = series.receive(series.contextOf(METRIC, NO_RESOURCE, NO_SCOPE), [])
  const bytes = Buffer.from('nextg')
  lines.add(4, new DataView(bytes.buffer, bytes.byteOffset, 5), 5, { kind: GAUGE, rate: 1, series: id })
  const line = find('next', 'g')
  assert.deepEqual([lines.seriesOf(line), lines.rateOf(line), lines.use(line)], [id, 1, GAUGE])
  assert.equal(find('first'), UNKNOWN)
})

test('regression: lines counted by their number alone, so long ones kept many times the memory', () => {
  const each = 16_000
  const { add, find } = tableOf(1000)
  for (let i = 0; i < 1000; i++) add(`name ${i}`.padEnd(each))
  const kept = Array.from({ length: 1000 }, (_, i) => find(`name ${i}`.padEnd(each))).filter(id => id !== UNKNOWN)
  assert.ok(kept.length > 50 && kept.length * each <= lineTableBytes(1000), `${kept.length} kept`)
})

test('lines whose lengths change on and on take no more memory than there is room for', () => {
  const { lines, add, isKnown } = tableOf(1000)
  for (let length = 100; length < 8000; length += 4) for (let i = 0; i < 20; i++) add(`${i}`.padEnd(length))
  assert.ok(lines.reservedBytes <= lineTableBytes(1000) + 2 ** 23, `${lines.reservedBytes} bytes`)
  assert.ok(isKnown('19'.padEnd(7996)))
})

test('the series of lines are held, until the lines are idle; those of gauges longer', async () => {
  const { series, lines, add, isKnown } = tableOf(100)
  add('sent')
  add('idle')
  add('level', 'c', GAUGE)
  for (let epoch = 0; epoch < 12; epoch++) {
    assert.ok(isKnown('sent'))
    runThrough(series.expireIdle(1))
    await setImmediate()
    collectGarbage()
  }
  assert.ok(!isKnown('idle'))
  assert.ok(isKnown('level'))
  assert.equal(series.size, 2)
  add('idle')
  assert.ok(isKnown('idle'))
  assert.equal(series.size, 3)
  assert.equal(lines.evicted, 0)
})
