import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { Batch, EventBlock } from '../../../sdk/plugin/index.ts'
import { eventsOf, Harness } from './harness.ts'

const SLICE_S = 10
const SLICES = 8

type Step =
  | { readonly kind: 'send'; readonly ids: (string | undefined)[] }
  | { readonly kind: 'settle'; readonly which: number; readonly how: 'ack' | 'nack' | 'drop' }
  | { readonly kind: 'advance'; readonly seconds: number }
  | { readonly kind: 'restart' }

const id = fc.option(fc.integer({ min: 0, max: 11 }).map(String), { nil: undefined, freq: 10 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('send' as const), ids: fc.array(id, { maxLength: 8, minLength: 1 }) })
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      which: fc.nat(20),
      how: fc.constantFrom('ack', 'ack', 'nack', 'drop')
    })
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), seconds: fc.integer({ min: 1, max: 40 }) })
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) }
)

/** A batch as the reference sees it. */
interface Sent {
  readonly passing: (string | undefined)[]
  readonly waitsFor: Sent[]
  own: string | undefined
  outcome: string | undefined
  readonly handle: Batch | undefined
  readonly settled: Promise<string>
}

/** Slow and obvious: a list of what was seen, when, and in which batch. */
class Reference {
  seen: { id: string; slice: number; by: Sent }[] = []

  judge(ids: readonly (string | undefined)[], now: number, sent: Sent): void {
    const slice = Math.floor(now / (SLICE_S * 1000))
    this.seen = this.seen.filter(entry => entry.slice >= slice - SLICES)
    for (const id of ids) {
      const known = this.seen.find(entry => entry.id === id)
      if (known === undefined) {
        sent.passing.push(id)
        if (id !== undefined) this.seen.push({ id, slice, by: sent })
      } else if (known.by !== sent && known.by.own === undefined) sent.waitsFor.push(known.by)
    }
  }

  settle(sent: Sent, how: string): void {
    sent.own = how
    if (how === 'nack') this.seen = this.seen.filter(entry => entry.by !== sent)
  }
}

for (const memory of ['exact', 'probabilistic']) {
  it(`${memory}: any order of sending, settling, waiting and restarting agrees with a list`, async () => {
    // Twelve ids do not collide in 32 bits.
    const config = { window: `${SLICE_S * SLICES}s`, memory, max_entries: 4096, false_positive_rate: 1e-6 }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), steps => runAgainstReference(config, steps)),
      { numRuns: 200 }
    )
  })
}

async function runAgainstReference(config: Record<string, unknown>, steps: readonly Step[]): Promise<void> {
  let weir = new Harness(config).hold()
  const reference = new Reference()
  const all: Sent[] = []
  const settle = (sent: Sent | undefined, how: 'ack' | 'nack' | 'drop') => {
    if (sent === undefined) return
    reference.settle(sent, how)
    if (how === 'ack') sent.handle!.ack()
    else if (how === 'nack') sent.handle!.nack(new Error('down'))
    else sent.handle!.drop('rejected')
  }
  const open = () => all.filter(sent => sent.own === undefined)
  for (const step of steps) {
    if (step.kind === 'advance') weir.context.clock.advance(step.seconds * 1000)
    else if (step.kind === 'settle') settle(open()[step.which % Math.max(1, open().length)], step.how)
    else if (step.kind === 'send') all.push(send(weir, reference, step.ids))
    else {
      // A checkpoint is taken now and counts once what is in flight has been stored.
      const next = weir.restarted(config).hold()
      for (const sent of open()) settle(sent, 'ack')
      assert.equal(weir.context.account.imbalance, 0)
      weir = next
    }
  }
  for (const sent of open()) settle(sent, 'ack')
  for (const sent of all) {
    const outcomes = [sent.own, ...sent.waitsFor.map(({ own }) => own)]
    const want = outcomes.includes('nack') ? 'nacked' : sent.own === 'drop' ? `dropped ${sent.passing.length}` : 'acked'
    assert.equal(await sent.settled, want)
  }
  assert.equal(weir.context.account.imbalance, 0)
  assert.equal(weir.context.account.inFlight, 0)
}

function send(weir: Harness, reference: Reference, ids: readonly (string | undefined)[]): Sent {
  const before = weir.out.length
  const settled = weir.send(eventsOf(ids))
  const handle = weir.out[before]
  const sent: Sent = { passing: [], waitsFor: [], own: undefined, outcome: undefined, handle, settled }
  reference.judge(ids, weir.context.clock.now(), sent)
  assert.deepEqual(handle === undefined ? [] : (handle.block as EventBlock).id, sent.passing)
  if (handle === undefined) sent.own = 'ack'
  return sent
}

it('a sender that sends nacked batches again has each of its events stored once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat(30).map(String), { minLength: 1, maxLength: 6 }), { maxLength: 12 }),
      fc.infiniteStream(fc.constantFrom('ack', 'nack', 'hold')),
      async (requests, fates) => {
        const weir = new Harness({}).hold()
        const stored: (string | undefined)[] = []
        const held: Batch[] = []
        const decide = (batch: Batch, fate: string) => {
          if (fate === 'hold') held.push(batch)
          else if (fate === 'nack') batch.nack(new Error('down'))
          else {
            stored.push(...(batch.block as EventBlock).id)
            batch.ack()
          }
        }
        weir.onBatch = batch => decide(batch, fates.next().value)
        let toSend = requests
        for (let round = 0; toSend.length > 0; round++) {
          if (round === 5) weir.onBatch = batch => decide(batch, 'ack')
          const replies = toSend.map(ids => weir.sendIds(...ids))
          for (const batch of held.splice(0)) decide(batch, fates.next().value === 'ack' ? 'ack' : 'nack')
          const outcomes = await Promise.all(replies)
          toSend = toSend.filter((_, i) => outcomes[i] === 'nacked')
        }
        assert.deepEqual(stored.toSorted(), [...new Set(requests.flat())].sort())
        assert.equal(weir.context.account.imbalance, 0)
      }
    ),
    { numRuns: 200 }
  )
})
