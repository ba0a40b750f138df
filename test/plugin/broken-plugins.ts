import { filter, mergeMap, Observable, of, share, tap } from 'rxjs'
import {
  type Batch,
  type Block,
  type Context,
  ExportError,
  openState,
  type Plugin,
  sealState
} from '../../sdk/plugin/index.ts'

const HEAD = {
  api: 2,
  type: 'sample',
  stability: 'stable',
  description: 'Is broken.',
  schema: { type: 'object', properties: {} }
} as const
const processor = (create: (context: Context) => object): Plugin =>
  ({
    ...HEAD,
    kind: 'processor',
    ports: { in: 'any', out: 'any' },
    create: (_: unknown, context: Context) => create(context)
  }) as never
const exporter = (instance: object): Plugin =>
  ({ ...HEAD, kind: 'exporter', ports: { in: 'any' }, create: () => instance }) as never
const receiver = (instance: object): Plugin =>
  ({ ...HEAD, kind: 'receiver', ports: { out: 'points' }, create: () => instance }) as never

/** Counts items, and passes the count on in each value. */
const counting = (restores: boolean) => () => {
  let seen = 0
  return {
    process(block: Block) {
      seen += block.length
      return block.type === 'points' ? { ...block, value: block.value.map(() => seen) } : block
    },
    snapshot: () => sealState(1, { seen }),
    restore(bytes: Uint8Array) {
      const state = openState(1, bytes) as { seen: number }
      if (restores) seen = state.seen
    }
  }
}

export interface BrokenPlugin {
  readonly fault: string
  readonly plugin: Plugin
  /** Rules that must name it. */
  readonly rules: readonly string[]
  readonly unreachable?: boolean
}

const SETTLES = 'settles every batch if every batch is acknowledged'

/** Plugins with one fault each, as authors make them, and the rules of the contract that find them. */
export const BROKEN_PLUGINS: readonly BrokenPlugin[] = [
  {
    fault: 'says that tests can feed it, and has no way to',
    plugin: {
      ...receiver({ batches$: of() }),
      feeding: { input: { type: 'object', properties: {} } }
    } as Plugin,
    rules: ['can be fed by tests, if it says so']
  },
  {
    fault: 'takes a nacked batch that comes again for a duplicate',
    plugin: processor(({ account }) => {
      const seen = new Set<number>()
      return {
        operator: () =>
          filter((batch: Batch) => {
            if (batch.block.length === 0 || !seen.has(batch.block.time[0] + batch.block.length)) {
              seen.add(batch.block.time[0] + batch.block.length)
              return true
            }
            account.drop('duplicate', batch.block.length)
            batch.ack()
            return false
          })
      }
    }),
    rules: ['emits a nacked batch when it comes again']
  },
  {
    fault: 'forgets batches it leaves out',
    plugin: processor(() => ({ operator: () => filter((batch: Batch) => batch.block.length !== 3) })),
    rules: [SETTLES]
  },
  {
    fault: 'emits a batch twice',
    plugin: processor(() => ({ operator: () => mergeMap((batch: Batch) => of(batch, batch)) })),
    rules: [SETTLES]
  },
  {
    fault: 'acknowledges batches, and says nowhere where the items went',
    plugin: processor(() => ({
      operator: () =>
        filter((batch: Batch) => {
          if (batch.block.length !== 3) return true
          batch.ack()
          return false
        })
    })),
    rules: [SETTLES]
  },
  {
    fault: 'waits by the clock of the machine',
    plugin: processor(() => ({
      operator: () =>
        mergeMap(
          (batch: Batch) =>
            new Observable<Batch>(output => {
              setTimeout(() => {
                output.next(batch)
                output.complete()
              }, 60_000).unref()
            })
        )
    })),
    rules: [SETTLES]
  },
  {
    fault: 'never ends its stream',
    plugin: processor(() => ({
      operator: () => (source: Observable<Batch>) =>
        new Observable<Batch>(output => source.subscribe({ next: batch => output.next(batch) }))
    })),
    rules: [SETTLES]
  },
  {
    fault: 'is dead after its first throw',
    plugin: processor(() => {
      let isDead = false
      return {
        process(block: Block) {
          if (isDead) throw new Error('dead')
          isDead = true
          const sum = block.time.reduce((a, b) => a + b, 0)
          isDead = Number.isNaN(sum)
          return block
        }
      }
    }),
    rules: ['nacks a batch it fails at, and continues']
  },
  {
    fault: 'changes the block it is given',
    plugin: processor(() => ({ process: (block: Block) => ({ ...block, value: block.value.fill(7) }) })),
    rules: ['does not change the blocks it is given']
  },
  {
    fault: 'has a state, and does not restore it',
    plugin: processor(counting(false)),
    rules: ['continues from its snapshot as if nothing had happened']
  },
  {
    fault: 'keeps a state that is in no snapshot',
    plugin: processor(() => {
      const { process } = counting(true)()
      return { process }
    }),
    rules: ['continues from its snapshot as if nothing had happened']
  },
  {
    fault: 'writes down something else in steps',
    plugin: processor(() => {
      const own = counting(true)()
      return {
        ...own,
        *snapshotInSteps() {
          yield
          return sealState(1, { seen: 0 })
        }
      }
    }),
    rules: ['writes down the same in steps as in one piece']
  },
  {
    fault: 'takes damaged bytes for its state',
    plugin: processor(() => ({
      process: (block: Block) => block,
      snapshot: () => Uint8Array.of(1, 2, 3),
      restore() {}
    })),
    rules: ['takes its own snapshot, and none that is damaged']
  },
  {
    fault: 'holds batches that are in no snapshot',
    plugin: processor(({ clock, account }) => {
      let emit: (batch: Batch) => void
      return {
        open: (next: (batch: Batch) => void) => (emit = next),
        receive(batch: Batch) {
          account.inFlight += batch.block.length
          clock.setTimer(1000, () => {
            account.inFlight -= batch.block.length
            emit(batch)
          })
        }
      }
    }),
    rules: ['has the batches it holds in its snapshot, or settles them']
  },
  {
    fault: 'sets a timer when it is made',
    plugin: processor(({ clock }) => {
      clock.setTimer(1, () => {})
      return { operator: () => share<Batch>() }
    }),
    rules: ['creating it touches nothing']
  },
  {
    fault: 'drops a series when it is asked about it',
    plugin: processor(({ account }) => ({
      process: (block: Block) => block,
      explain() {
        account.drop('asked', 1)
        return { fate: 'dropped', why: 'it was asked about' }
      }
    })),
    rules: ['tells about itself without a change']
  },
  {
    fault: 'says that a series changes, and not to what',
    plugin: processor(() => ({ process: (block: Block) => block, explain: () => ({ fate: 'changes', why: 'so' }) })),
    rules: ['tells about itself without a change']
  },
  {
    fault: 'subscribes twice to its source',
    plugin: processor(() => ({
      operator: () => (source: Observable<Batch>) => {
        const own = source.pipe(tap(() => {}))
        return new Observable<Batch>(output => {
          for (let i = 0; i < 2; i++)
            output.add(
              own.subscribe({ next: batch => output.next(batch), complete: () => i === 1 && output.complete() })
            )
        })
      }
    })),
    rules: [SETTLES]
  },
  {
    fault: 'never completes its batches',
    plugin: receiver({ batches$: new Observable(() => {}) }),
    rules: ['completes its batches when it stops']
  },
  {
    fault: 'reports items as stored that the backend never got',
    plugin: exporter({ export: async () => {} }),
    rules: ['may be retried while its backend is unreachable'],
    unreachable: true
  },
  {
    fault: 'gives up for good where nobody answers',
    plugin: exporter({
      async export() {
        throw new ExportError('never', { retryable: false })
      }
    }),
    rules: ['may be retried while its backend is unreachable'],
    unreachable: true
  },
  {
    fault: 'goes on after its time is over',
    plugin: exporter({ export: () => new Promise(() => {}) }),
    rules: ['ends when its time is over'],
    unreachable: true
  }
]
