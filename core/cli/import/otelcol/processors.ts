import { durationOf } from '../duration.ts'
import type { Options } from '../options.ts'
import { importAttributes, importResource } from './attributes.ts'
import { importFilter, selected } from './filter.ts'
import { importMetricsTransform } from './metrics-transform.ts'
import { optionalDuration } from './receivers.ts'
import { importTransform } from './statements.ts'
import { given, type Importer, type Twins } from './twin.ts'

/** The default of the processor `interval`. */
const INTERVAL = '60s'

/** By type without underscores. */
export const PROCESSORS: Readonly<Record<string, Importer>> = {
  batch: importBatch,
  memorylimiter: importMemoryLimiter,
  filter: importFilter,
  attributes: importAttributes,
  resource: importResource,
  transform: importTransform,
  metricstransform: importMetricsTransform,
  interval: importInterval,
  cumulativetodelta: importCumulativeToDelta,
  deltatocumulative: importDeltaToCumulative,
  groupbyattrs: importGroupByAttrs,
  probabilisticsampler: importSampler
}

function importBatch(options: Options): Twins {
  const keys = options.texts('metadata_keys')
  for (const known of ['timeout', 'send_batch_size', 'send_batch_max_size', 'metadata_cardinality_limit'])
    options.value(known)
  const notes = ['not needed, for the queue of an exporter joins what waits into its next export (queue.max_batch).']
  if (keys.length > 0)
    notes.push(`metadata_keys: see service.tenants for data of several senders that must stay apart.`)
  return { twins: [], notes }
}

function importMemoryLimiter(options: Options): Twins {
  const limit = options.number('limit_mib')
  const spike = options.number('spike_limit_mib')
  const percentages = ['limit_percentage', 'spike_limit_percentage'].map(key => options.number(key))
  const notes = ['Data in flight is bounded already, by service.limits. It cannot be used with service.journal.']
  if (percentages[0] !== undefined)
    notes.push(`limit_percentage: ${percentages[0]} has no twin: write the size as max_rss.`)
  if (limit === undefined) return { twins: [], notes }
  const soft_share =
    spike === undefined || spike === 0 || spike >= limit ? undefined : Number((1 - spike / limit).toFixed(2))
  const twin = given({ max_rss: `${limit}MiB`, soft_share, check_interval: intervalOf(options) })
  return { twins: [{ type: 'memory_limiter', options: twin }], notes }
}

/** Without an interval the Collector does not check. */
function intervalOf(options: Options): string | undefined {
  const interval = optionalDuration(options, 'check_interval')
  return interval === '0' ? undefined : interval
}

/** The last point of each series and interval: of counters the total, of gauges the value. */
function importInterval(options: Options): Twins {
  const interval = durationOf(options.text('interval') ?? INTERVAL) ?? INTERVAL
  const pass = options.at('pass_through')
  const keepsGauges = pass.flag('gauge') === true
  pass.value('summary')
  const notes = [
    'Intervals are windows of event time. Totals are of what came since Weir runs, so they begin with 0, and rate() and increase() are the same. Up-down counters and summaries pass as they come.'
  ]
  const totals = {
    match: { kind: ['counter', 'histogram', 'exponential_histogram'], temporality: 'cumulative' },
    output: ['cumulative']
  }
  const gauges = { match: { kind: 'gauge' }, aggregations: ['last'], name: '{name}', output: ['delta'] }
  const rules = keepsGauges ? [totals] : [totals, gauges]
  const counter = { type: 'windowed_counter', options: { windows: [interval], rules } }
  const transform = { type: 'transform', options: { statements: [{ delete: ['window'] }] } }
  return { twins: keepsGauges ? [counter] : [counter, transform], notes }
}

function importCumulativeToDelta(options: Options): Twins {
  const notes: string[] = []
  const [match] = selected(options.at('include'), notes)
  if (options.has('exclude')) {
    const [excluded] = selected(options.at('exclude'), notes)
    notes.push(`exclude has no twin: write its opposite into match (${JSON.stringify(excluded)}).`)
  }
  const initial = options.text('initial_value')
  if (initial !== undefined && initial !== 'auto')
    notes.push(`initial_value: ${initial} has no twin: the first point counts if its series began after Weir.`)
  for (const known of ['include', 'metrics']) options.value(known)
  const stale = optionalDuration(options, 'max_staleness')
  const twin = given({ match: match as never, max_stale: stale === '0' ? undefined : stale })
  return { twins: [{ type: 'cumulative_to_delta', options: Object.keys(twin).length > 0 ? twin : null }], notes }
}

function importDeltaToCumulative(options: Options): Twins {
  const twin = given({
    max_streams: options.number('max_streams'),
    max_stale: optionalDuration(options, 'max_stale') ?? '5m'
  })
  return { twins: [{ type: 'delta_to_cumulative', options: twin }], notes: [] }
}

function importGroupByAttrs(options: Options): Twins {
  const keys = options.texts('keys')
  return {
    twins: [],
    notes: [
      `not needed, for processors look for an attribute at the item, and then at its resource${keys.length > 0 ? ` (${keys.join(', ')})` : ''}.`
    ]
  }
}

function importSampler(options: Options): Twins {
  const percentage = options.number('sampling_percentage') ?? 100
  const isRecord = options.text('attribute_source') === 'record'
  const attribute = options.text('from_attribute')
  for (const known of ['mode', 'fail_closed', 'sampling_precision', 'sampling_priority']) options.value(known)
  const twin = given({
    probability: percentage / 100,
    attribute: isRecord ? attribute : 'trace_id',
    seed: options.number('hash_seed')
  })
  const notes = [
    'Values of events that are kept are divided by probability, so ask for their sum. Other items are kept than by the Collector.'
  ]
  return { twins: [{ type: 'sampler', options: twin }], notes }
}
