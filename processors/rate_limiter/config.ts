import { NAME } from '../../core/model/key-by.ts'
import { checkMatch } from '../../core/model/matching/check.ts'
import { type MatchConfig, matchSchema } from '../../core/model/matching/config.ts'
import type { ConfigProblem, ConfigSchema } from '../../sdk/plugin/index.ts'

export interface Config {
  readonly rate: number
  readonly burst: number
  readonly by: readonly string[]
  readonly max_keys: number
  readonly action: 'drop' | 'refuse'
  readonly match?: MatchConfig
}

export const schema: ConfigSchema = {
  type: 'object',
  required: ['rate'],
  properties: {
    rate: {
      type: 'number',
      exclusiveMinimum: 0,
      description: 'Items a second that each key may have in the long run.'
    },
    burst: {
      type: 'integer',
      minimum: 0,
      description: 'Items that a key may have at once after it was silent; 0: as many as in one second.',
      default: 0
    },
    by: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      uniqueItems: true,
      description: `Attributes that make a key, of the item or else of its resource; ${NAME} is the name of the metric or event. Empty: all share one limit.`,
      default: []
    },
    max_keys: {
      type: 'integer',
      minimum: 1,
      description: 'Most keys with a limit of their own at a time; those beyond share one more.',
      default: 10_000
    },
    action: {
      type: 'string',
      enum: ['drop', 'refuse'],
      description:
        'drop: items over the limit are dropped. refuse: a batch with an item over it goes back to its sender, which is told to come again later; not with a journal.',
      default: 'drop'
    },
    match: matchSchema('Items that are limited; the others pass. Without it, all.')
  }
}

export function check({ match }: Config): ConfigProblem[] {
  return match === undefined ? [] : checkMatch(match, ['match'])
}
