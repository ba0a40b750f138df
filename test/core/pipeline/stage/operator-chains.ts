import fc from 'fast-check'
import {
  buffer,
  bufferTime,
  concatMap,
  debounceTime,
  delay,
  filter,
  map,
  merge,
  mergeMap,
  type OperatorFunction,
  of,
  share
} from 'rxjs'
import { Batch, type Outcome } from '../../../../core/batch/batch.ts'
import { joinBlocks } from '../../../../core/model/join.ts'
import { sliceBlock } from '../../../../core/model/slice.ts'
import type { Context } from '../../../../core/plugin/context.ts'
import type { ProcessorPlugin, StreamProcessor } from '../../../../core/plugin/contract.ts'
import { sleep } from '../../../../core/telemetry/clock.ts'
import { mapBlock, retryNacked } from '../../../../sdk/plugin/index.ts'
import { turns } from '../journaled-run.ts'

/** An operator as a random chain has it. */
export interface Link {
  readonly kind: keyof typeof LINKS | keyof typeof CHANGING
  readonly ms: number
  readonly concurrency: number
}

/** A point of this value makes `throws` throw. */
export const POISON = 13

type Operator = OperatorFunction<Batch, Batch>

const LINKS = {
  same: () => map((batch: Batch) => batch.replace(batch.block)),
  delays: ({ ms }: Link, { scheduler }: Context) => delay<Batch>(ms, scheduler),
  delaysSome:
    ({ ms, concurrency }: Link, { scheduler }: Context): Operator =>
    source =>
      source.pipe(mergeMap(batch => of(batch).pipe(delay(ms / 2, scheduler)), concurrency)),
  queues:
    ({ ms }: Link, { clock }: Context): Operator =>
    source =>
      source.pipe(
        concatMap(async batch => {
          await sleep(clock, ms / 10)
          return batch
        })
      ),
  awaits:
    ({ ms }: Link): Operator =>
    source =>
      source.pipe(
        mergeMap(async batch => {
          await turns(ms % 7)
          return batch
        })
      ),
  gathers:
    ({ ms }: Link, { scheduler }: Context): Operator =>
    source =>
      source.pipe(
        bufferTime(ms, undefined, Number.POSITIVE_INFINITY, scheduler),
        mergeMap(batches => batches)
      ),
  joins:
    ({ ms }: Link, { scheduler }: Context): Operator =>
    source =>
      source.pipe(
        bufferTime(ms, undefined, Number.POSITIVE_INFINITY, scheduler),
        mergeMap(batches => (batches.length === 0 ? [] : [joined(batches)]))
      ),
  waitsForSilence:
    ({ ms }: Link, { scheduler }: Context): Operator =>
    source => {
      const shared = source.pipe(share())
      return shared.pipe(
        buffer(shared.pipe(debounceTime(ms / 4, scheduler))),
        mergeMap(batches => batches)
      )
    },
  splits: () => mergeMap((batch: Batch) => halves(batch)),
  splitsAndDelays:
    ({ ms }: Link, { scheduler }: Context): Operator =>
    source =>
      source.pipe(
        mergeMap(batch => {
          const [first, second] = halves(batch)
          return second === undefined ? of(first) : merge(of(first), of(second).pipe(delay(ms, scheduler)))
        })
      ),
  throws: () => map((batch: Batch) => checked(batch)),
  retries: ({ ms, concurrency }: Link, { scheduler }: Context) =>
    retryNacked({ attempts: concurrency, pauseMs: ms, scheduler })
} as const

/** After these an item may count never, or more than once. */
const CHANGING = {
  leavesOut: (_: Link, { account }: Context) =>
    mapBlock(block => {
      const kept = sliceBlock(block, 0, block.length >> 1)
      account.book(block, items => account.drop('left_out', items), [{ from: kept.length, to: block.length }])
      return kept
    }),
  absorbs: (_: Link, { account }: Context) =>
    filter((batch: Batch) => {
      if (batch.block.length !== 2) return true
      account.book(batch.block, items => (account.absorbed += items))
      batch.ack()
      return false
    }),
  nacks: () =>
    filter((batch: Batch) => {
      if (batch.block.length !== 3) return true
      batch.nack(new Error('three'))
      return false
    }),
  forks: (_: Link, { account }: Context) =>
    mergeMap((batch: Batch) => {
      account.book(batch.block, items => (account.produced += items))
      return batch.fork(2)
    }),
  acksAtOnce: (_: Link, { account }: Context) =>
    map((batch: Batch) => {
      const { block } = batch
      const derived = Batch.derive([batch], block, ({ status }) => {
        if (status === 'nacked') account.book(block, items => account.drop('nacked', items))
      })
      batch.ack()
      return derived
    }),
  derivesTwice: () => mergeMap((batch: Batch) => twoOf(batch))
} as const

/**
 * Whether a restart continues it exactly where it was: not if it queues, or waits for something else than the clock.
 */
export const isTimed = ({ kind }: Link) => !['queues', 'awaits', 'delaysSome'].includes(kind)

const linkOf = (kinds: object): fc.Arbitrary<Link> =>
  fc.record({
    kind: fc.constantFrom(...(Object.keys(kinds) as Link['kind'][])),
    ms: fc.integer({ min: 1, max: 700 }),
    concurrency: fc.integer({ min: 1, max: 3 })
  })

/** Each item comes out, once. */
export const link = linkOf(LINKS)
export const anyLink = linkOf({ ...LINKS, ...CHANGING })

/** These operators one behind the other. */
export const inARow = (links: readonly Link[], context: Context): StreamProcessor => ({
  operator: () => source =>
    links.reduce((stream, one) => stream.pipe({ ...LINKS, ...CHANGING }[one.kind](one, context) as Operator), source)
})

/** A processor that is these operators one behind the other. */
export function chainOf(type: string, links: readonly Link[]): ProcessorPlugin {
  const create = (_: unknown, context: Context) => inARow(links, context)
  return { kind: 'processor', type, ports: { in: 'any', out: 'any' }, create } as never
}

function joined(batches: readonly Batch[]): Batch {
  return batches.length === 1 ? batches[0] : Batch.merge(batches, joinBlocks(batches.map(({ block }) => block)))
}

function halves(batch: Batch): Batch[] {
  const { block } = batch
  if (block.length < 2) return [batch]
  const middle = block.length >> 1
  return batch.split([sliceBlock(block, 0, middle), sliceBlock(block, middle, block.length)])
}

/** The batch ends when both have: nacked if one was. */
function twoOf(batch: Batch): Batch[] {
  let open = 2
  let failed: Outcome | undefined
  const ended = (outcome: Outcome) => {
    if (outcome.status === 'nacked') failed = outcome
    if (--open === 0) batch.settle(failed ?? outcome)
  }
  return [1, 2].map(() => Batch.derive([batch], batch.block, ended))
}

function checked(batch: Batch): Batch {
  if (batch.block.value.includes(POISON)) throw new Error('poison')
  return batch
}
