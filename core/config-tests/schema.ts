import type { ConfigSchema, JsonSchema } from '../plugin/contract.ts'
import { BACKEND_STATES, type BackendState } from './backend-state.ts'
import { OFFSET_PATTERN } from './times.ts'

const text = (description: string): JsonSchema => ({ type: 'string', description })
const number = (description: string): JsonSchema => ({ type: 'number', description })
const list = (items: JsonSchema, description: string): JsonSchema => ({ type: 'array', items, description })
const closed = (properties: Record<string, JsonSchema>, required: readonly string[] = []): ConfigSchema => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties
})
const offset = (description: string): JsonSchema => ({
  type: 'string',
  pattern: OFFSET_PATTERN,
  'x-expected': 'a time since the start of the test, such as 90s, 1h30m or -5s',
  description
})
const open = (description: string): JsonSchema => ({ type: 'object', additionalProperties: true, description })

const FILES: JsonSchema = { type: ['string', 'array'], items: { type: 'string' }, minItems: 1 }
const ATTRIBUTES = open('All attributes, those of the resource too.')
const TOLERANCE: JsonSchema = {
  type: 'number',
  minimum: 0,
  description: 'The part of an expected number by which the number may differ: 0.01 is one percent.'
}

const POINT = closed(
  {
    metric: text('The name of the metric.'),
    attributes: ATTRIBUTES,
    time: offset('The time of the point; of a window, its end.'),
    kind: text('Such as counter, gauge or histogram.'),
    value: number('The number; of a distribution its sum.'),
    count: number('Values of a distribution, or members of a set.'),
    sum: number('The sum of a distribution.'),
    min: number('The least value of a distribution.'),
    max: number('The greatest value of a distribution.'),
    quantiles: { ...open('Values by quantile: { 0.5: 12 }.'), additionalProperties: { type: 'number' } },
    ended: { enum: [true], description: 'This says that the series has ended.' },
    tolerance: TOLERANCE
  },
  ['metric', 'time']
)

const EVENT = closed(
  {
    name: text('The name of the event.'),
    attributes: ATTRIBUTES,
    time: offset('The time of the event.'),
    id: text('The id that its sender gave it.'),
    value: number('Its share in a sum.'),
    tolerance: TOLERANCE
  },
  ['name', 'time']
)

const WHERE = closed({
  metric: text('Only points of this metric.'),
  name: text('Only events of this name.'),
  attributes: open('Only items with these attributes, among others.')
})

const EXPORTER = closed({
  where: { ...WHERE, description: 'The items that are looked at.' },
  points: list(POINT, 'All points it has, in any order.'),
  events: list(EVENT, 'All events it has, in any order.'),
  tolerance: TOLERANCE
})

const DROP = closed(
  {
    component: text('Such as processor dedup in counts, or receiver statsd.'),
    reason: text('As in the ledger.'),
    items: number('Points or events.')
  },
  ['component', 'reason', 'items']
)

const DEAD_LETTER = closed(
  {
    component: text('Such as exporter clickhouse, or receiver http.'),
    reason: text('As in the ledger.'),
    items: number('Points or events.')
  },
  ['component', 'reason', 'items']
)

const EXPECT = closed({
  exporters: { type: 'object', additionalProperties: EXPORTER, description: 'What exporters have got, by id.' },
  drops: list(DROP, 'All items that were dropped since the last start.'),
  dead_letters: list(DEAD_LETTER, 'All items that are kept as dead letters.')
})

const STEP = closed({
  at: offset('Time goes by up to here first.'),
  send: { ...open('An input, by the id of its receiver.'), minProperties: 1 },
  times: { type: 'integer', minimum: 1, description: 'How often it is sent.' },
  refused: text('The sender is refused with this text, or with one that holds it.'),
  restart: { enum: ['clean', 'crash'], description: 'Whether Weir is stopped or killed, before it is started again.' },
  reload: { ...FILES, description: 'A configuration that takes the place.' },
  backends: {
    type: 'object',
    additionalProperties: { enum: BACKEND_STATES },
    description: 'The state of backends from now on, by the id of the exporter.'
  },
  expect: EXPECT
})

const TEST = closed(
  {
    name: text('A name for messages.'),
    start: {
      type: 'string',
      pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$',
      'x-expected': 'a time such as 2026-01-01T00:00:00Z',
      description: 'The time at which Weir starts.',
      default: '2026-01-01T00:00:00Z'
    },
    steps: { ...list(STEP, 'What happens, one after the other.'), minItems: 1 }
  },
  ['name', 'steps']
)

/** A file of tests of a configuration. */
export const TEST_FILE: ConfigSchema = closed(
  {
    config: {
      ...FILES,
      description: 'The configuration file, or several that are merged; paths from the folder of this file.'
    },
    env: { type: 'object', additionalProperties: { type: 'string' }, description: 'All environment variables.' },
    tests: { ...list(TEST, 'Each begins with a Weir that has no state.'), minItems: 1 }
  },
  ['config', 'tests']
)

type Values = Readonly<Record<string, unknown>>

/** A row of an expected table, as it is written. */
export interface RowValue extends Values {
  readonly attributes?: Values
  readonly quantiles?: Readonly<Record<string, number>>
  readonly tolerance?: number
}

export interface WhereValue {
  readonly metric?: string
  readonly name?: string
  readonly attributes?: Values
}

export interface ExporterValue {
  readonly where?: WhereValue
  readonly points?: readonly RowValue[]
  readonly events?: readonly RowValue[]
  readonly tolerance?: number
}

export interface ExpectValue {
  readonly exporters?: Readonly<Record<string, ExporterValue>>
  readonly drops?: readonly RowValue[]
  readonly dead_letters?: readonly RowValue[]
}

export interface StepValue {
  readonly at?: string
  readonly send?: Values
  readonly times?: number
  readonly refused?: string
  readonly restart?: 'clean' | 'crash'
  readonly reload?: string | readonly string[]
  readonly backends?: Readonly<Record<string, BackendState>>
  readonly expect?: ExpectValue
}

export interface TestValue {
  readonly name: string
  readonly start: string
  readonly steps: readonly StepValue[]
}

/** The value of a file by {@link TEST_FILE}. */
export interface FileValue {
  readonly config: string | readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly tests: readonly TestValue[]
}
