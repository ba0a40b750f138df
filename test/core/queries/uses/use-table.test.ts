import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UseTable } from '../../../../core/queries/uses/use-table.ts'

const DAY_MS = 86_400_000
const START = 20_000 * DAY_MS

const labelsOf = (table: UseTable, metric: string, now: number) => {
  const { named, all } = table.labelsOf(name => name === metric, now)
  return { named: [...named].sort(), ...all, isComplete: table.isComplete(now) }
}

test('labels count as used for 30 days', () => {
  const table = new UseTable(START)
  table.note([{ metric: 'hits', labels: ['plan'] }], 'query', START)
  table.note([{ metric: 'hits', labels: ['app'], allExcept: ['user'] }], 'rule', START + DAY_MS)
  const later = (days: number) => labelsOf(table, 'hits', START + days * DAY_MS)
  assert.deepEqual(later(1), { named: ['app', 'plan'], query: [], rule: [['user']], isComplete: true })
  assert.deepEqual(later(30).named, ['app', 'plan'])
  assert.deepEqual(later(31), { named: ['app'], query: [], rule: [['user']], isComplete: true })
  assert.deepEqual(later(32), { named: [], query: [], rule: [], isComplete: true })
  assert.deepEqual(labelsOf(table, 'misses', START).named, [])
})

test('a question about any metric uses its labels of all of them', () => {
  const table = new UseTable(START)
  table.note([{ metric: undefined, labels: ['job'], allExcept: [] }], 'query', START)
  assert.deepEqual(labelsOf(table, 'hits', START), { named: ['job'], query: [[]], rule: [], isComplete: true })
})

test('the table is the same after it was saved', () => {
  const table = new UseTable(START)
  table.note([{ metric: 'hits', labels: ['plan', 'app'], allExcept: ['b', 'a'] }], 'query', START)
  const restored = UseTable.restore(table.save())
  assert.equal(restored.since, START)
  assert.deepEqual(labelsOf(restored, 'hits', START), labelsOf(table, 'hits', START))
  assert.equal(restored.save(), table.save())
  assert.throws(() => UseTable.restore('{"version":2}'), /version 2/)
})

test('the table is bounded, says so when it is full, and discards the old for want of room', () => {
  const table = new UseTable(START)
  for (let i = 0; i < 10_000; i++) table.note([{ metric: `m${i}`, labels: ['a'] }], 'query', START)
  assert.equal(labelsOf(table, 'm1', START).isComplete, true)
  table.note([{ metric: 'more', labels: ['a'] }], 'query', START)
  assert.equal(labelsOf(table, 'm1', START).isComplete, false)
  const later = START + 40 * DAY_MS
  table.note([{ metric: 'more', labels: ['b'] }], 'query', later)
  assert.deepEqual(labelsOf(table, 'more', later), { named: ['b'], query: [], rule: [], isComplete: true })
  const labels = Array.from({ length: 60_000 }, (_, i) => `l${i}`)
  table.note([{ metric: 'more', labels }], 'query', later)
  assert.equal(labelsOf(table, 'more', later).named.length, 50_000)
  assert.equal(labelsOf(table, 'more', later).isComplete, false)
  assert.equal(UseTable.restore(table.save()).save(), table.save())
})

test('names that are too long for the table are not noted, and it says so', () => {
  for (const use of [
    { metric: 'm'.repeat(1000), labels: ['a'] },
    { metric: 'm', labels: ['a'.repeat(1000)] },
    { metric: 'm', labels: [], allExcept: ['a'.repeat(1000)] }
  ]) {
    const table = new UseTable(START)
    table.note([use], 'query', START)
    assert.equal(labelsOf(table, 'm', START).isComplete, false)
  }
})
