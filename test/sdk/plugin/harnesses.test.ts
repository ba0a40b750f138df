import assert from 'node:assert/strict'
import { it } from 'node:test'
import { bufferTime, debounceTime, delay, mergeMap, type OperatorFunction, Subject } from 'rxjs'
import { type Batch, type Block, type Context, ExportError, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import {
  ExporterHarness,
  marbles,
  ProcessorHarness,
  ReceiverHarness,
  testContext
} from '../../../sdk/plugin/testing.ts'
import { parseItems, printItems } from '../../cases/items.ts'

const context = testContext()
const BLOCKS = Object.fromEntries([...'abcd'].map(name => [name, parseItems([`0s event ${name}`], context.series)]))
const nameOf = (block: Block) =>
  printItems(block)
    .map(line => line.split(' ')[2])
    .join('')

for (const [what, make, input, want] of [
  ['delay', ({ scheduler }) => delay(3, scheduler), 'a-b', 'at 3 a, at 5 b'],
  [
    'bufferTime',
    ({ scheduler }) =>
      source =>
        source.pipe(
          bufferTime(10, undefined, Number.POSITIVE_INFINITY, scheduler),
          mergeMap(batches => batches)
        ),
    'a---b 20ms c|',
    'at 10 a, at 10 b, at 26 c'
  ],
  ['time in between', ({ scheduler }) => delay(1, scheduler), 'a 99ms b', 'at 1 a, at 101 b'],
  [
    'debounceTime',
    ({ scheduler }) =>
      source =>
        source.pipe(
          mergeMap(batch => [batch]),
          debounceTime(5, scheduler)
        ),
    'a 9ms b',
    'at 5 a, at 15 b'
  ]
] as [string, (context: Context) => OperatorFunction<Batch, Batch>, string, string][])
  it(`marbles: ${what}`, async () => {
    const own = testContext()
    const harness = new ProcessorHarness({ operator: () => make(own) }, own).open()
    const out = await marbles(harness, input, BLOCKS, nameOf)
    assert.equal(out.map(([ms, name]) => `at ${ms} ${name}`).join(', '), want)
  })

it('marbles: an error of a source is a mistake of the test', async () => {
  const own = testContext()
  const harness = new ProcessorHarness({ process: block => block }, own).open()
  await assert.rejects(marbles(harness, 'a#', BLOCKS, nameOf), /"#" at 1 ms/)
})

it('a receiver: its batches, their settlement, and its completion', async () => {
  const own = testContext()
  const batches = new Subject<Batch>()
  const outcomes: string[] = []
  const receiver = {
    batches$: batches,
    start: async () =>
      batches.next(own.batch(BLOCKS.a, own.credits.tryTake(1)!, ({ status }) => outcomes.push(status))),
    stop: async () => batches.complete()
  }
  const harness = await new ReceiverHarness(receiver, own, {
    downstream: batch => batch.nack(new Error('full'))
  }).start()
  assert.deepEqual([harness.received.length, outcomes, own.credits.used], [1, ['nacked'], 0])
  await harness.stop()
  assert.equal(harness.isCompleted, true)
})

it('an exporter: retries by its queue, and items refused for good', async () => {
  const own = testContext()
  const answers = [
    new Error('down'),
    new Error('down'),
    undefined,
    new ExportError('never', { retryable: false, reason: 'bad' })
  ]
  const exporter = {
    async export() {
      const error = answers.shift()
      if (error !== undefined) throw error
    }
  }
  const harness = await new ExporterHarness(exporter, own, { retry: { initial_interval: '1s' } }).start()
  const point = new PointBlockBuilder()
  const metric = { name: 'm', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const
  point.add(own.series.intern(metric, []), 0, 1)
  const block = point.build()
  let status = ''
  void harness.send(block).then(outcome => (status = outcome.status))
  await harness.advance(400)
  assert.equal(status, '')
  await harness.advance(3000)
  assert.equal(status, 'acked')
  assert.deepEqual(await harness.send(block), { status: 'dropped', items: 1, reason: 'bad' })
  await harness.stop()
  assert.deepEqual([own.account.sent, own.account.imbalance], [1, 0])
})
