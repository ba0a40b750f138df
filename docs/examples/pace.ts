import { concatMap, delay, of } from 'rxjs'
import { defineProcessor } from 'weir/plugin'

export default defineProcessor({
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
  create: ({ items_per_second }, { scheduler }) => ({
    // Batches wait in concatMap. The host knows which ones: it nacks them when the operator fails. With a journal it
    // keeps them through a crash.
    operator: () => source =>
      source.pipe(concatMap(batch => of(batch).pipe(delay((batch.block.length / items_per_second) * 1000, scheduler))))
  })
})
