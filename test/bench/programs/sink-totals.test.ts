import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SinkTotals } from '../../../bench/programs/sink-totals.ts'
import { double, integer, message, text } from '../../core/wire/protobuf/fields.ts'

const label = (name: string, value: string) => message(1, text(1, name), text(2, value))
const sample = (value: number, time: number) => message(2, double(1, value), integer(2, time))

test('windows, values and last totals are summed apart, other metrics are not', () => {
  const totals = new SinkTotals()
  const total = [label('__name__', 'shop_requests_total'), label('route', 'a')]
  totals.add(
    Buffer.concat([
      message(1, label('__name__', 'shop_requests'), label('window', '10s'), sample(3, 1), sample(4, 2)),
      message(1, ...total, sample(0, 1), sample(3, 2)),
      message(1, label('__name__', 'target_info'), sample(1, 1)),
      message(3, integer(1, 1))
    ])
  )
  totals.add(message(1, ...total, sample(7, 3)))
  totals.add(message(1, label('__name__', 'shop_requests_total'), label('route', 'b'), sample(5, 3)))
  assert.deepEqual([totals.samples, totals.windows, totals.values, totals.cumulative], [6, 7, 0 + 3 + 7 + 5, 7 + 5])
})

test('a sample without a value is 0', () => {
  const totals = new SinkTotals()
  totals.add(message(1, label('__name__', 'shop'), message(2, integer(2, 1))))
  assert.deepEqual([totals.samples, totals.values], [1, 0])
})
