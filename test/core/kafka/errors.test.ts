import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WeirError } from '../../../core/errors.ts'
import { describeKafkaError, kafkaError } from '../../../core/kafka/errors.ts'
import { parseTarget } from '../../../core/kafka/seek.ts'

const fenced = Object.assign(new Error('The generation is another one.'), { apiId: 'ILLEGAL_GENERATION' })
const wrapped = new AggregateError([new AggregateError([fenced], 'inner')], 'Commit failed 3 times.')

test("the name of Kafka's error is found however deep it is", () => {
  assert.equal(kafkaError(wrapped), 'ILLEGAL_GENERATION')
  assert.equal(kafkaError(new Error('outer', { cause: wrapped })), 'ILLEGAL_GENERATION')
  assert.equal(kafkaError(new Error('ECONNREFUSED')), undefined)
})

test('causes are told in place of "failed 3 times"', () => {
  assert.equal(describeKafkaError(wrapped), 'The generation is another one.')
  assert.equal(describeKafkaError(new Error('outer', { cause: fenced })), 'outer: The generation is another one.')
})

test("the message of Weir's own errors, which has that of the cause, is told once", () => {
  const cause = new Error('the state is of windows of 10m')
  const error = new WeirError('STATE_INVALID', `cannot restore it: ${cause.message}`, { cause })
  assert.equal(describeKafkaError(error), 'cannot restore it: the state is of windows of 10m')
})

test('a place to seek', () => {
  const cases: readonly [string, object | undefined][] = [
    ['earliest', { kind: 'earliest' }],
    ['latest', { kind: 'latest' }],
    ['1200', { kind: 'offset', offset: 1200 }],
    ['2026-11-01T00:00:00Z', { kind: 'time', time: Date.UTC(2026, 10, 1) }],
    ['2026-11-01T01:00:00+01:00', { kind: 'time', time: Date.UTC(2026, 10, 1) }],
    ['2026-11-01', undefined],
    ['2026-11-01T00:00:00', undefined],
    ['-5', undefined],
    ['yesterday', undefined]
  ]
  for (const [text, want] of cases) assert.deepEqual(parseTarget(text), want, text)
})
