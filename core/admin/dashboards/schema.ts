import type { ConfigSchema, JsonSchema } from '../../plugin/contract.ts'

/** Keeps a dashboard to a size that a page can draw. */
const MOST_ROWS = 50
const MOST_PANELS = 50
const MOST_QUERIES = 20
const MOST_VARIABLES = 20
/** As the query API has it. */
const MOST_STEPS = 32
const COLUMNS = 12
/** The largest number that the query API takes. */
const MOST_ENTRIES = 1000
const MOST_PERIODS = 366
/** Characters of a text, and of a value that may stand in it many times: their product is megabytes at most. */
const LONGEST_TEXT = 10_000
const LONGEST_VALUE = 1000

const text = (description: string, more: object = {}) => ({
  type: 'string',
  minLength: 1,
  maxLength: LONGEST_TEXT,
  description,
  ...more
})
const whole = (description: string, maximum: number) => ({ type: 'integer', minimum: 1, maximum, description })
const texts = (description: string, maxItems: number, minItems = 1, maxLength = LONGEST_TEXT) => ({
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength },
  minItems,
  maxItems,
  description
})
const closed = (required: readonly string[], properties: object): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  required: [...required],
  properties
})

const match = text('Selector of the series.')
const multiple = { type: 'boolean', description: 'Several values may be chosen; none stands for all.' }

const variable = (kinds: readonly string[], required: readonly string[], own: object) =>
  closed(['kind', 'name', ...required], {
    kind: { enum: kinds },
    name: text('Queries refer to it as $name.', {
      pattern: '^[A-Za-z]\\w*$',
      'x-expected': 'letters, digits and _, and a letter first'
    }),
    title: text('Its name on the page.'),
    default: text('Its value until another is chosen.', { maxLength: LONGEST_VALUE }),
    ...own
  })

const VARIABLES = [
  variable(['fixed'], ['values'], { values: texts('The values.', MOST_ENTRIES, 1, LONGEST_VALUE) }),
  variable(['label'], ['label'], { label: text('The label whose values these are.'), match, multiple }),
  variable(['label_names'], [], { match }),
  variable(['event_names', 'event_attributes'], [], {}),
  variable(['event_values'], ['of'], { of: text('The attribute of events whose values these are.'), multiple })
]

const unit = { enum: ['none', 'bytes', 'seconds', 'percent'], description: 'Unit of the values; percent is of 1.' }
const step = text('The distance of two points in time is a multiple of it: 10s.')
const queries = (maxItems: number) => ({
  type: 'array',
  minItems: 1,
  maxItems,
  description: 'Queries in PromQL.',
  items: closed(['promql'], {
    promql: text('The query.'),
    legend: text('Name of a series, with labels in it: {{country}}.')
  })
})

const scope = {
  name: text('Name of the events.'),
  where: text('Selector of the events.')
}
const of = text('The attribute whose values are counted, such as user_id.')
const limit = whole('The largest groups that are told apart.', MOST_ENTRIES)

const panel = (kinds: readonly string[], required: readonly string[], own: object) =>
  closed(['kind', 'title', ...required], {
    kind: { enum: kinds },
    title: text('Its heading.'),
    description: text('A sentence below the heading.'),
    width: whole('Columns of the twelve that a row has.', COLUMNS),
    ...own
  })

const PANELS = [
  panel(['line', 'bar', 'stacked', 'stat', 'table'], [], {
    unit,
    step,
    queries: queries(MOST_QUERIES),
    events: closed([], { ...scope, of, by: texts('Attributes.', 2, 0), limit })
  }),
  panel(['heatmap'], ['queries'], { unit, step, queries: queries(1) }),
  panel(['top'], ['events'], { events: closed(['of'], { ...scope, of, limit }) }),
  panel(['funnel'], ['events'], {
    events: closed(['of', 'steps'], {
      ...scope,
      of,
      steps: texts('Selectors of its steps in their order.', MOST_STEPS, 2),
      window: text('Longest time from the first step to the last.'),
      by: text('Attribute by which actors are told apart.')
    })
  }),
  panel(['retention'], ['events'], {
    events: closed(['of', 'cohort', 'return'], {
      ...scope,
      of,
      cohort: text('Selector of the events by which one joins.'),
      return: text('Selector of the events by which one returns.'),
      period: text('Length of a period.'),
      periods: whole("Periods after the cohort's own.", MOST_PERIODS)
    })
  })
]

const byKind = (schemas: readonly JsonSchema[]) => ({
  type: 'object',
  discriminator: { propertyName: 'kind' },
  oneOf: schemas
})

/** JSON Schema of a dashboard. */
export const DASHBOARD_SCHEMA: ConfigSchema = closed(['title', 'rows'], {
  title: text('Its name on the page.'),
  description: text('A sentence below the title.'),
  range: text('Length of the range that it opens with, such as 1h.', {
    pattern: '^[1-9]\\d*[smhdw]$',
    'x-expected': 'a length of time such as 15m, 6h or 7d'
  }),
  variables: { type: 'array', maxItems: MOST_VARIABLES, description: 'What can be chosen.', items: byKind(VARIABLES) },
  rows: {
    type: 'array',
    minItems: 1,
    maxItems: MOST_ROWS,
    description: 'Rows of panels.',
    items: closed(['panels'], {
      title: text('Its heading.'),
      panels: {
        type: 'array',
        maxItems: MOST_PANELS,
        description: 'Its panels, from left to right.',
        items: byKind(PANELS)
      }
    })
  }
}) as ConfigSchema
