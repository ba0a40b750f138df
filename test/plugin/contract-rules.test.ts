import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Observable, Subject } from 'rxjs'
import { contractOf } from '../../sdk/plugin/contract-test.ts'
import {
  type Batch,
  type Context,
  ExportError,
  type Exporter,
  openState,
  type Plugin,
  type Processor,
  type Receiver,
  sealState
} from '../../sdk/plugin/index.ts'

const option = { type: 'string', description: 'What it is for.', default: 'a' }
const HEAD = {
  api: 2,
  type: 'sample',
  stability: 'stable',
  description: 'Does nothing.',
  schema: { type: 'object', properties: { option } }
} as const

const RESTORES = 'takes its own snapshot, and none that is damaged'
const GOES_ON = 'continues from its snapshot as if nothing had happened'

const processor = (create: (context: Context) => Processor, head: object = {}): Plugin => ({
  ...HEAD,
  kind: 'processor',
  ports: { in: 'any', out: 'any' },
  create: (_config, context) => create(context),
  ...head
})
const exporter = (instance: Exporter): Plugin => ({
  ...HEAD,
  kind: 'exporter',
  ports: { in: 'any' },
  create: () => instance
})
const receiver = (instance: Receiver): Plugin => ({
  ...HEAD,
  kind: 'receiver',
  ports: { out: 'points' },
  create: () => instance
})
const passes = () => ({ process: (block: Batch['block']) => block })
const withOptions = (properties: object) =>
  processor(passes, { schema: { type: 'object', properties } as Plugin['schema'] })
const stream = (next: (batch: Batch, output: { next(batch: Batch): void }) => void): Processor => ({
  operator: () => source =>
    new Observable(output => source.subscribe({ ...output, next: batch => next(batch, output) }))
})
const refuses = async () => {
  throw new ExportError('never', { retryable: false })
}

/** The rules of the contract that `plugin` breaks. */
async function broken(plugin: Plugin, unreachable = false): Promise<string[]> {
  const names: string[] = []
  for (const { name, check } of contractOf(plugin, { unreachable })) await check().catch(() => names.push(name))
  return names
}

for (const [what, plugin, want] of [
  ['a map processor that is well', processor(passes), []],
  ['an exporter that is well', exporter({ export: async () => {} }), []],
  ['a description that is no sentence', processor(passes, { description: 'nothing' }), ['is well formed']],
  ['an api of the future', processor(passes, { api: 3 }), ['is well formed']],
  [
    'an option without description',
    withOptions({ option: { type: 'string', default: '' } }),
    ['every option has a description, and a default unless it is required']
  ],
  [
    'an option without default',
    withOptions({ option: { type: 'string', description: 'What it is for.' } }),
    ['every option has a description, and a default unless it is required']
  ],
  [
    'a timer set in create',
    processor(({ clock }) => {
      clock.setTimer(1, () => {})
      return passes()
    }),
    ['creating it touches nothing']
  ],
  [
    'a stop that wants a start',
    processor(() => {
      let started = false
      return {
        ...passes(),
        start: async () => {
          started = true
        },
        stop: async () => assert.ok(started)
      }
    }),
    ['may be stopped without a start']
  ],
  [
    'a processor that changes its input',
    processor(() => ({ process: block => ({ ...block, time: block.time.fill(0) }) })),
    ['does not change the blocks it is given']
  ],
  [
    'a snapshot that nothing reads',
    processor(() => ({ ...passes(), snapshot: () => Uint8Array.of(1) })),
    [RESTORES, GOES_ON]
  ],
  [
    'a processor that takes any bytes for its state',
    processor(() => ({ ...passes(), snapshot: () => Uint8Array.of(1), restore() {} })),
    [RESTORES]
  ],
  [
    'a processor that refuses its own state',
    processor(() => ({ ...passes(), snapshot: () => Uint8Array.of(1), restore: () => assert.fail('damaged') })),
    [RESTORES, GOES_ON]
  ],
  [
    'a processor that knows its state',
    processor(() => ({
      ...passes(),
      snapshot: () => sealState(1, { seen: 1 }),
      restore: bytes => void openState(1, bytes)
    })),
    []
  ],
  ['a receiver that never completes', receiver({ batches$: new Subject() }), ['completes its batches when it stops']],
  ['an exporter that refuses', exporter({ export: refuses }), ['takes every kind of block']]
] as [string, Plugin, string[]][])
  it(`contract: ${what}`, async () => assert.deepEqual(await broken(plugin), want))

it('contract: a backend that does not answer is no reason to drop', async () => {
  assert.deepEqual(await broken(exporter({ export: refuses }), true), [
    'may be retried while its backend is unreachable'
  ])
})

it('contract: a stream processor that loses items is found out', async () => {
  // Absorbs every batch and says so nowhere.
  const names = await broken(processor(() => stream(batch => batch.ack())))
  assert.ok(names.includes('settles every batch if every batch is acknowledged'), names.join())
})
