import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import fc from 'fast-check'
import { blockBytes } from '../../../../core/model/block.ts'
import { TENANT } from '../../../../core/model/tenant.ts'
import { join, type QueuedBatch, queuedBatchOf } from '../../../../core/pipeline/sending-queue/queued-batch.ts'
import { BlockTenants, TenantTurns } from '../../../../core/pipeline/sending-queue/tenant-turns.ts'
import { type EventBlock, findAttribute, PointBlockBuilder } from '../../../../sdk/plugin/index.ts'
import { testBatch, testContext } from '../../../../sdk/plugin/testing.ts'
import { ofTenants } from './blocks.ts'
import { driven, open, pass, pushBlock, reset, world } from './disk-queue.ts'

const tenants = new BlockTenants()
/** `a1` is item 1 of tenant a. */
const block = (...items: string[]) => ofTenants(...items.map(item => [item[0], Number(item.slice(1))] as const))
const namesIn = ({ attributes, value }: EventBlock) =>
  attributes.map((own, i) => `${findAttribute(own, TENANT)}${value[i]}`)

it('a block is of one tenant, of several, or of none', () => {
  const { series } = testContext()
  const builder = new PointBlockBuilder()
  const metric = { name: 'm', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
  builder.add(series.intern(metric, [], { attributes: [[TENANT, 'a']], schemaUrl: '' }), 0, 1)
  for (const [own, want] of [
    [block('a1', 'a2'), 'a'],
    [block('a1', 'b2'), undefined],
    [block(), ''],
    [builder.build(), 'a']
  ] as const)
    assert.equal(tenants.of(own), want)
})

describe('the places of batches that wait', () => {
  const queuedOf = (...items: string[]): QueuedBatch => {
    const { batch } = testBatch(block(...items))
    return queuedBatchOf(batch, 0, tenants.of(batch.block))
  }
  const places = (waiting: readonly QueuedBatch[]) => waiting.map(({ block }) => namesIn(block as EventBlock).join(''))

  it('are in turns, by items', () => {
    const turns = new TenantTurns()
    const waiting: QueuedBatch[] = []
    for (const items of [['a1'], ['a2'], ['a3'], ['b1', 'b2'], ['b3'], ['c1']])
      turns.insert(waiting, queuedOf(...items))
    assert.deepEqual(places(waiting), ['a1', 'b1b2', 'c1', 'a2', 'a3', 'b3'])
    turns.taken(waiting.splice(0, 4))
    turns.insert(waiting, queuedOf('d1'))
    turns.insert(waiting, queuedOf('c2'))
    assert.deepEqual(places(waiting), ['d1', 'c2', 'a3', 'b3'])
  })

  it('stay where a batch has items of several tenants, or was tried before', () => {
    const turns = new TenantTurns()
    const waiting: QueuedBatch[] = []
    for (const items of [['a1'], ['a2'], ['a3', 'b1'], ['a4'], ['b2']]) turns.insert(waiting, queuedOf(...items))
    assert.deepEqual(places(waiting), ['a1', 'a2', 'a3b1', 'b2', 'a4'])
    const tried = waiting.splice(0, 2)
    turns.taken(tried)
    join(tried)
    waiting.unshift(...tried)
    turns.insert(waiting, queuedOf('c1'))
    assert.deepEqual(places(waiting), ['a1', 'a2', 'a3b1', 'b2', 'c1', 'a4'])
  })

  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ tenants: fc.constantFrom('a', 'b', 'c', 'ab'), items: fc.integer({ min: 1, max: 4 }) })
    },
    { weight: 1, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 5 }), isPutBack: fc.boolean() }) }
  )
  it('keep the order of each tenant, whatever comes, is taken and comes back', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const turns = new TenantTurns()
        const waiting: QueuedBatch[] = []
        const out: string[] = []
        let made = 0
        for (const step of steps) {
          if ('take' in step) {
            const taken = waiting.splice(0, step.take)
            turns.taken(taken)
            if (step.isPutBack) {
              if (taken.length > 0) join(taken)
              waiting.unshift(...taken)
            } else out.push(...places(taken))
            continue
          }
          const items = Array.from(
            { length: step.items },
            (_, i) => `${step.tenants[i % step.tenants.length]}${made++};`
          )
          turns.insert(waiting, queuedOf(...items))
        }
        out.push(...places(waiting))
        for (const tenant of ['a', 'b', 'c']) {
          const numbers = [...out.join('').matchAll(new RegExp(`${tenant}(\\d+)`, 'g'))].map(([, number]) =>
            Number(number)
          )
          assert.deepEqual(
            numbers,
            numbers.toSorted((x, y) => x - y)
          )
        }
      })
    )
  })
})

describe('a sending queue of tenants', () => {
  beforeEach(reset)

  /** Tenants of items that the backend has taken, in order. */
  const exported: string[][] = []
  const slowBackend = () => {
    exported.length = 0
    world.answer = async own => {
      await new Promise<void>(resolve => world.context.clock.setTimer(50, resolve))
      exported.push(namesIn(own as EventBlock))
    }
  }

  it('has the batch of another tenant exported next, however much one has waiting', async () => {
    slowBackend()
    const to = await open({ tenants, isInMemory: true, queue: { max_size: 1 << 20 } })
    for (let i = 0; i < 200; i++) void pushBlock(to, block(`a${i}`))
    const quiet = pushBlock(to, block('b1'))
    await pass(120)
    assert.equal((await quiet).status, 'acked')
    // An export is filled up: max_batch is 4.
    assert.deepEqual(exported.slice(0, 2), [
      ['a0', 'b1', 'a1', 'a2'],
      ['a3', 'a4', 'a5', 'a6']
    ])
    await driven(to.close(new AbortController().signal))
    assert.equal(exported.flat().length, 201)
    assert.equal(world.context.account.imbalance, 0)
  })

  it('leaves room for others when one has taken its share', async () => {
    slowBackend()
    const bytes = blockBytes(block('a1'))
    const to = await open({ tenants, isInMemory: true, queue: { max_size: 10 * bytes } })
    let taken = 0
    for (; to.hasRoom(block('a1')); taken++) void pushBlock(to, block('a1'))
    assert.equal(taken, 5)
    assert.ok(to.hasRoom(block('b1')))
    assert.ok(to.hasRoom(block('a1', 'b1')))
    for (taken = 0; to.hasRoom(block('b1')); taken++) void pushBlock(to, block('b1'))
    // Two tenants and one that may come: a third for each.
    assert.equal(taken, 4)
    assert.ok(to.hasRoom(block('c1')))
    await driven(to.close(new AbortController().signal))
    assert.ok(to.hasRoom(block('a1')) === false)
    assert.equal(to.queuedBytes, 0)
  })

  it('keeps the order of each tenant over the disk', async () => {
    let isUp = false
    exported.length = 0
    world.answer = async own => {
      if (!isUp) throw new Error('connection refused')
      exported.push(namesIn(own as EventBlock))
    }
    const to = await open({ tenants, queue: { max_size: 600 } })
    for (let i = 0; i < 60; i++) {
      void pushBlock(to, i % 7 === 0 ? block(`a${i}`, `b${i}`) : block(i % 5 === 0 ? `b${i}` : `a${i}`))
      if (i % 10 === 0) await pass(100)
    }
    isUp = true
    await pass(5_000)
    await driven(to.close(new AbortController().signal))
    for (const tenant of ['a', 'b']) {
      const numbers = exported.flat().flatMap(name => (name[0] === tenant ? [Number(name.slice(1))] : []))
      assert.deepEqual(
        numbers,
        numbers.toSorted((x, y) => x - y)
      )
    }
    assert.equal(exported.flat().length, 60 + 9)
    assert.equal(world.context.account.imbalance, 0)
  })
})
