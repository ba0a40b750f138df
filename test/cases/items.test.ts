import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeriesTable } from '../../core/model/series-table/series-table.ts'
import { parseItems, printItems } from './items.ts'

for (const line of [
  '0s counter delta requests {ok: true, route: /cart, status: 200} 3 start=-10s',
  '1.5s counter cumulative requests 17 start=0s unit={request}',
  '90s up_down_counter cumulative queue -2 resource={host: web-1}',
  `0s gauge temperature {note: 'a, } b', room: r1} 21.5`,
  '0s gauge temperature NaN',
  '0s gauge temperature ended',
  '0s histogram delta latency {route: /} {count: 3, sum: 4.5, min: 1, max: 2, bounds: [1, 2], counts: [1, 2, 0]}',
  '0s histogram delta latency {count: 3, sum: 4.5}',
  '0s exponential_histogram cumulative size {count: 4, sum: 6.5, scale: 0, zeroCount: 1, zeroThreshold: 0, positive: {offset: -1, counts: [1, 0, 2]}} start=0s',
  '0s summary latency {count: 2, sum: 3, quantiles: [{quantile: 0.5, value: 1}]}',
  '0s set delta users {members: [a, b]}',
  '0s event signup {plan: pro} 1 id=e1',
  "0s event signup {code: '200'} 0.5"
]) {
  test(`is written as it was read: ${line}`, () => {
    assert.deepEqual(printItems(parseItems([line], new SeriesTable())), [line])
  })
}

test('a value is 1 where none is said, a time may have any unit, white space means nothing', () => {
  const lines = ['2m   counter delta a', '-500ms counter delta a']
  assert.deepEqual(printItems(parseItems(lines, new SeriesTable())), [
    '120s counter delta a 1',
    '-0.5s counter delta a 1'
  ])
})
