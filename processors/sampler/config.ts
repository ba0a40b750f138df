import { checkMatch } from '../../core/model/matching/check.ts'
import { type MatchConfig, matchSchema } from '../../core/model/matching/config.ts'
import type { ConfigProblem, ConfigSchema } from '../../sdk/plugin/index.ts'

export interface Config {
  readonly probability: number
  readonly attribute?: string
  readonly seed: number
  readonly match?: MatchConfig
}

export const schema: ConfigSchema = {
  type: 'object',
  required: ['probability'],
  properties: {
    probability: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 1,
      description: 'The share that is kept: 0.1 keeps about one of ten.'
    },
    attribute: {
      type: 'string',
      minLength: 1,
      description:
        'Items with the same value of this attribute, their own or else of their resource, are kept or left out together. Without it, and for items that have none: events of the same id, else each item on its own.'
    },
    seed: {
      type: 'integer',
      description: 'Samplers with the same seed keep the same, so that one after another keeps the smaller share.',
      default: 0
    },
    match: matchSchema('Items that are sampled; the others pass. Without it, all that can be sampled are.')
  }
}

export function check({ match }: Config): ConfigProblem[] {
  return match === undefined ? [] : checkMatch(match, ['match'])
}
