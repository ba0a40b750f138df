import { matchBound } from '../../core/model/matching/bound.ts'
import { checkMatch } from '../../core/model/matching/check.ts'
import { type MatchConfig, matchSchema, type Scalar } from '../../core/model/matching/config.ts'
import { SERIES_MEMO_BYTES } from '../../core/model/series-memo.ts'
import { type ConfigProblem, type ConfigSchema, duration } from '../../sdk/plugin/index.ts'
import { FORMATS, formatOf } from './format.ts'

export interface Config {
  readonly file: string
  readonly attribute: string
  readonly column: string
  readonly columns: readonly string[]
  readonly missing: 'keep' | 'drop' | 'defaults'
  readonly defaults: Readonly<Record<string, Scalar>>
  readonly max_rows: number
  /** ms */
  readonly reload_interval: number
  readonly match?: MatchConfig
}

const SHORTEST_INTERVAL_MS = 100
/** With ten columns of short texts. */
const BYTES_PER_ROW = 1500

export const schema: ConfigSchema = {
  type: 'object',
  required: ['file', 'attribute'],
  properties: {
    file: {
      type: 'string',
      minLength: 1,
      description: `The table, relative to the folder in which Weir was started: ${FORMATS.join(', ')}, by the end of its name.`
    },
    attribute: {
      type: 'string',
      minLength: 1,
      description: 'The attribute, of the item or else of its resource, whose value is looked up.'
    },
    column: {
      type: 'string',
      description: 'The column it is looked up in; empty: the one named as attribute.',
      default: ''
    },
    columns: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      uniqueItems: true,
      description: 'Columns that become attributes; empty: all the others.',
      default: []
    },
    missing: {
      type: 'string',
      enum: ['keep', 'drop', 'defaults'],
      description:
        'Treatment of items without a value, or with one that is not in the table: they stay as they are, are dropped, or get the defaults.',
      default: 'keep'
    },
    defaults: {
      type: 'object',
      additionalProperties: { type: ['string', 'number', 'boolean'] },
      description: 'With missing: defaults, the attributes to add.',
      default: {}
    },
    max_rows: { type: 'integer', minimum: 1, description: 'Most rows; a longer table is refused.', default: 100_000 },
    reload_interval: duration({
      description: 'How often it is looked whether the file has changed; 0: never. At least 100ms.',
      default: '10s'
    }),
    match: matchSchema('Items that are looked up; the others pass. Without it, all.')
  }
}

export function check({ file, missing, defaults, reload_interval, match }: Config): ConfigProblem[] {
  const problems = match === undefined ? [] : checkMatch(match, ['match'])
  if (formatOf(file) === undefined)
    problems.push({ path: ['file'], message: `its name must end in one of ${FORMATS.join(', ')}` })
  const hasDefaults = Object.keys(defaults).length > 0
  if (missing === 'defaults' && !hasDefaults)
    problems.push({ path: ['missing'], message: 'there are no defaults; add them, or use keep' })
  if (missing !== 'defaults' && hasDefaults)
    problems.push({ path: ['defaults'], message: 'they are for missing: defaults; set that, or leave them out' })
  if (reload_interval > 0 && reload_interval < SHORTEST_INTERVAL_MS)
    problems.push({ path: ['reload_interval'], message: 'it must be 0 or at least 100ms' })
  return problems
}

/** Most bytes it will remember. */
export const memoryBound = ({ max_rows, match }: Config) =>
  max_rows * BYTES_PER_ROW + SERIES_MEMO_BYTES + matchBound(match)
