import { streamSchema } from '../../core/model/stream-options.ts'

export type { StreamOptions as Config } from '../../core/model/stream-options.ts'

export const schema = streamSchema({
  remembered: 'total',
  converted: 'delta counters, up-down counters and histograms'
})
