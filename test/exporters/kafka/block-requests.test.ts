import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventBlockBuilder } from '../../../core/model/event-builder.ts'
import { BlockRequests } from '../../../exporters/kafka/block-requests.ts'
import { NOBODY } from '../../../exporters/kafka/senders.ts'

/** @param isBad rows that brokers refuse; @param perRecord items in a record */
function sendAll(length: number, isBad: (row: number) => boolean, perRecord: number) {
  const builder = new EventBlockBuilder()
  for (let row = 0; row < length; row++) builder.add(0, `e${row}`, [], undefined, 1)
  const rows = Array.from({ length }, (_, row) => row)
  const numbered = new Set<string>()
  let messages = 0
  const byPartition = Map.groupBy(rows, row => row % 3)
  const groups = [...byPartition].map(([partition, own]) => ({ partition, rows: own, sender: NOBODY }))
  const requests = new BlockRequests<readonly [partition: number, size: number]>(builder.build(), groups, {
    maxBytes: 2 * perRecord,
    encode: (_, own) => {
      const count = Math.ceil(own.length / perRecord)
      return Array.from({ length: count }, (_, i) => {
        const items = Math.min(perRecord, own.length - i * perRecord)
        return { value: Buffer.alloc(items), items }
      })
    },
    message({ partition }, value, record) {
      numbered.add(`${partition} ${record}`)
      messages++
      return [partition, value.length]
    }
  })
  const taken: number[] = []
  let tries = 0
  for (let request = requests.next; request !== undefined; request = requests.next) {
    tries++
    for (const {
      group: { partition },
      rows: own
    } of request)
      for (const row of own) assert.equal(row % 3, partition, 'a row stays in its partition')
    const own = request.flatMap(part => part.rows)
    if (own.some(isBad)) requests.refuse()
    else {
      taken.push(...own)
      requests.taken()
    }
  }
  assert.equal(numbered.size, messages, 'records of a group have numbers of their own')
  return { taken: taken.sort((a, b) => a - b), refused: requests.refused.toSorted((a, b) => a - b), tries }
}

test('an item that brokers refuse is found, and all others are sent once', () => {
  for (const perRecord of [1, 7, 1000]) {
    const { taken, refused, tries } = sendAll(1000, row => row === 17 || row === 600, perRecord)
    assert.deepEqual(refused, [17, 600], `${perRecord} in a record`)
    assert.deepEqual([taken.length, new Set(taken).size], [998, 998], `${perRecord} in a record`)
    assert.ok(tries < 1000, `${tries} tries`)
  }
})

test('if brokers refuse everything, that is known after a bounded number of requests', () => {
  const { taken, refused, tries } = sendAll(20_000, () => true, 1000)
  assert.deepEqual([taken.length, new Set(refused).size], [0, 20_000])
  assert.ok(tries < 1000, `${tries} tries`)
})
