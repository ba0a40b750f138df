import { checkMatch } from '../../core/model/matching/check.ts'
import { type MatchConfig, matchSchema } from '../../core/model/matching/config.ts'
import type { ConfigProblem, ConfigSchema } from '../../sdk/plugin/index.ts'

export interface Config {
  readonly include?: MatchConfig
  readonly exclude?: MatchConfig
}

export const schema: ConfigSchema = {
  type: 'object',
  properties: {
    include: matchSchema('Items that may pass; without it, all.'),
    exclude: matchSchema('Of those, items that are left out all the same.')
  }
}

export function check({ include, exclude }: Config): ConfigProblem[] {
  if (include === undefined && exclude === undefined)
    return [{ path: [], message: 'it has neither `include` nor `exclude`; give one of them' }]
  return [
    ...(include === undefined ? [] : checkMatch(include, ['include'])),
    ...(exclude === undefined ? [] : checkMatch(exclude, ['exclude']))
  ]
}
