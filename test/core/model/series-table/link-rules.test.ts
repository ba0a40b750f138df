import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Metric } from '../../../../core/model/series.ts'
import { NO_RESOURCE, NO_SCOPE } from '../../../../core/model/series.ts'
import { AttributeSplice } from '../../../../core/model/series-table/attribute-splice.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { collectGarbage } from '../../../garbage.ts'
import { expireIdle } from './idle-series.ts'

/** Nearly all of a page of ids, so that what is not used of it does not count. */
const SERIES = 60_000
/** More than a context may have rules at a time. */
const CHANGES = 20

const metric = (name: string): Metric => ({
  name,
  unit: '',
  description: '',
  kind: 'counter',
  temporality: 'delta'
})
const contextOf = (table: SeriesTable, name: string) => table.contextOf(metric(name), NO_RESOURCE, NO_SCOPE)
const windowSplice = (size: string) => new AttributeSplice([['window', size]], ['window'])
/** Calls `make`, and returns the bytes of the heap that stay. */
function heapOf(make: () => void): number {
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  make()
  collectGarbage()
  return process.memoryUsage().heapUsed - before
}

describe('rules of linked series', () => {
  it('are in the memory that the table says it takes', () => {
    const taken = (contexts: number) => {
      const table = new SeriesTable()
      const splice = windowSplice('10s')
      const pairs = Array.from({ length: SERIES }, (_, i): [id: number, to: number] => [
        table.idIn(contextOf(table, `from ${i % contexts}`), [['i', i]]),
        contextOf(table, `to ${i % contexts}`)
      ])
      const { bytes } = table
      const heap = heapOf(() => {
        for (const [id, to] of pairs) table.idWith(id, to, splice)
      })
      return { heap, said: table.bytes - bytes }
    }
    const one = taken(1)
    const each = taken(SERIES)
    const said = (each.said - one.said) / SERIES
    const want = (each.heap - one.heap) / SERIES
    assert.ok(said > want * 0.9 && said < want * 1.4, `${said} for ${want} bytes`)
  })

  it('go with their last series', async () => {
    const table = new SeriesTable()
    const [from, to] = [contextOf(table, 'from'), contextOf(table, 'to')]
    const base = table.at(table.receive(from, [['host', 'x']]))
    table.idWith(base.id, to, windowSplice('1m'))
    const { bytes } = table
    for (let i = 0; i < CHANGES; i++) {
      // One more keeps the context of the outputs.
      const output = table.at(table.idWith(base.id, to, windowSplice(`${i}s`))!)
      await expireIdle(table)
      assert.equal(table.size, 2, 'the output of the configuration before has gone')
      assert.equal(table.bytes, bytes, `linked as well as the first one: ${output.id}`)
    }
  })
})

it('the rule of linked series that went is there again if one is made anew', async () => {
  const table = new SeriesTable()
  const splice = windowSplice('10s')
  const base = table.at(table.receive(contextOf(table, 'from'), [['host', 'x']]))
  for (let i = 0; i < 3; i++) {
    const id = table.idWith(base.id, contextOf(table, 'to'), splice)!
    assert.equal(table.idWith(base.id, contextOf(table, 'to'), splice), id)
    assert.deepEqual(table.read(id).attributes, [
      ['host', 'x'],
      ['window', '10s']
    ])
    await expireIdle(table)
    assert.equal(table.size, 1)
  }
})

describe('contexts without series', () => {
  it('are removed some at a time', async () => {
    const table = new SeriesTable()
    const splice = windowSplice('10s')
    for (let i = 0; i < 5000; i++)
      table.idWith(table.idIn(contextOf(table, `from ${i}`), []), contextOf(table, `to ${i}`), splice)
    let most = 0
    for (let epoch = 0; epoch < 8; epoch++) {
      await new Promise(setImmediate)
      collectGarbage()
      let { removedContexts } = table
      for (const _ of table.expireIdle(1)) {
        most = Math.max(most, table.removedContexts - removedContexts)
        removedContexts = table.removedContexts
      }
      most = Math.max(most, table.removedContexts - removedContexts)
    }
    assert.equal(table.removedContexts, 10_000)
    assert.ok(most <= 64, `${most} in one step`)
  })
})
