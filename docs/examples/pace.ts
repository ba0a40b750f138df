import { concatMap, tap } from 'rxjs'
import { type ProcessorPlugin, sleep } from 'weir/plugin'

export default {
  api: 1,
  kind: 'processor',
  type: 'pace',
  stability: 'beta',
  description: 'Lets a limited number of items through a second, to spare a backend.',
  schema: {
    type: 'object',
    properties: {
      items_per_second: { type: 'integer', minimum: 1, description: 'Most items a second.', default: 10_000 }
    }
  },
  ports: { in: 'any', out: 'any' },
  create: ({ items_per_second }, { account, clock }) => ({
    // Batches wait in concatMap. They hold their credits, which bounds how many, and their senders wait for the reply.
    operator: () => source =>
      source.pipe(
        tap(({ block }) => (account.inFlight += block.length)),
        concatMap(async batch => {
          const items = batch.block.length
          await sleep(clock, (items / items_per_second) * 1000)
          account.inFlight -= items
          return batch
        })
      )
  })
} satisfies ProcessorPlugin<{ items_per_second: number }>
