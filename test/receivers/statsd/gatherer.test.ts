import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Gatherer } from '../../../receivers/statsd/gatherer.ts'
import { StatsdParser } from '../../../receivers/statsd/parser.ts'
import { blockBytes } from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'

test('events of one moment are in blocks of a bounded size', () => {
  const context = testContext()
  const sizes: number[] = []
  let items = 0
  const gatherer = new Gatherer(context, new StatsdParser(context.series, 10, assert.fail), (block, bytes) => {
    assert.equal(bytes, blockBytes(block))
    sizes.push(bytes)
    items += block.length
  })
  const event = Buffer.from(`_e{1,8000}:t|${'x'.repeat(8000)}`)
  for (let i = 0; i < 1000; i++) gatherer.receive(event)
  gatherer.flush()
  assert.equal(items, 1000)
  assert.ok(sizes.length > 1 && Math.max(...sizes) < 2 * 2 ** 20, `blocks of ${sizes.join()} bytes`)
})
