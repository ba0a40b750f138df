import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { apiFloat, plainFloat, shortFloat } from '../../../core/promql/float-text.ts'

/** What Go prints. */
const CASES: readonly (readonly [value: number, plain: string, api: string, short: string])[] = [
  [0, '0', '0', '0'],
  [-0, '-0', '-0', '-0'],
  [1, '1', '1', '1'],
  [-1.5, '-1.5', '-1.5', '-1.5'],
  [123456, '123456', '123456', '123456'],
  [1234567, '1234567', '1234567', '1.234567e+06'],
  [1e20, '100000000000000000000', '100000000000000000000', '1e+20'],
  [1.25e21, '1250000000000000000000', '1.25e+21', '1.25e+21'],
  [0.0001, '0.0001', '0.0001', '0.0001'],
  [0.00001234, '0.00001234', '0.00001234', '1.234e-05'],
  [-1.5e-7, '-0.00000015', '-1.5e-07', '-1.5e-07'],
  [1e-100, `0.${'0'.repeat(99)}1`, '1e-100', '1e-100'],
  [Number.MAX_VALUE, `17976931348623157${'0'.repeat(292)}`, '1.7976931348623157e+308', '1.7976931348623157e+308'],
  [Number.POSITIVE_INFINITY, '+Inf', '+Inf', '+Inf'],
  [Number.NEGATIVE_INFINITY, '-Inf', '-Inf', '-Inf'],
  [Number.NaN, 'NaN', 'NaN', 'NaN']
]

describe('numbers as Go writes them', () => {
  for (const [value, plain, api, short] of CASES)
    it(plain.slice(0, 30), () => {
      assert.deepEqual([plainFloat(value), apiFloat(value), shortFloat(value)], [plain, api, short])
      assert.equal(Number(plainFloat(value).replace('Inf', 'Infinity')), value)
    })
})
