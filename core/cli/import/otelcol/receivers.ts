import { durationOf } from '../duration.ts'
import type { Options } from '../options.ts'
import { scrapeConfigs } from '../scrape-configs.ts'
import type { Yaml } from '../yaml.ts'
import { brokersOf, kafkaAccess, SIGNALS } from './kafka.ts'
import { given, type Importer, type Surroundings, type Twins } from './twin.ts'

const STATSD_INTERVAL = '60s'

/** By type without underscores. */
export const RECEIVERS: Readonly<Record<string, Importer>> = {
  otlp: importOtlp,
  prometheus: importPrometheus,
  statsd: importStatsd,
  kafka: importKafka,
  prometheusremotewrite: importRemoteWrite
}

function importOtlp(options: Options, surroundings: Surroundings): Twins {
  const notes: string[] = []
  const missing: string[] = []
  const protocols: Record<string, Yaml> = {}
  const { keys } = options.at('protocols')
  for (const name of ['http', 'grpc'].filter(name => keys.includes(name))) {
    const own = options.at('protocols').at(name)
    const mib = own.text('max_recv_msg_size_mib')
    const bytes = own.number('max_request_body_size')
    protocols[name] = given({
      endpoint: endpointOf(own.text('endpoint')),
      max_recv_msg_size: mib === undefined ? undefined : `${mib}MiB`,
      max_body_size: name === 'http' && bytes !== undefined ? `${bytes}B` : undefined,
      ...serverAccess(own, surroundings, missing)
    })
    own.value('traces_url_path')
  }
  return { twins: [{ type: 'otlp', options: { protocols } }], notes, missing }
}

function importPrometheus(options: Options): Twins {
  const notes: string[] = []
  const scrape_configs = scrapeConfigs(options.at('config'), notes)
  // Weir spells names as they come.
  options.value('use_start_time_metric')
  return { twins: [{ type: 'prometheus', options: { scrape_configs } }], notes }
}

function importStatsd(options: Options): Twins {
  const interval = durationOf(options.text('aggregation_interval') ?? STATSD_INTERVAL) ?? STATSD_INTERVAL
  const transport = options.text('transport') ?? 'udp'
  const address = endpointOf(options.text('endpoint')) ?? 'localhost:8125'
  const notes = [
    'The receiver of the Collector aggregates what comes: here a windowed_counter does, by the time of each line.',
    'Timers and histograms become exponential histograms, whatever timer_histogram_mapping says.',
    'Its series have no labels otel_scope_name and otel_scope_version.'
  ]
  if (options.flag('enable_metric_type') === true)
    notes.push('enable_metric_type: true has no twin: there is no attribute metric_type.')
  for (const known of ['timer_histogram_mapping', 'is_monotonic_counter', 'enable_simple_tags']) options.value(known)
  const socket = transport.startsWith('udp') ? `udp://${address}` : `${transport}://${address}`
  const counter = { windows: [interval], output: ['delta'] }
  return {
    twins: [{ type: 'statsd', options: transport.startsWith('udp') ? { endpoint: address } : { listen: [socket] } }],
    notes,
    processors: [
      { type: 'windowed_counter', options: counter },
      { type: 'transform', options: { statements: [{ delete: ['window'] }] } }
    ]
  }
}

function importKafka(options: Options, { signal }: Surroundings): Twins {
  const notes: string[] = []
  const own = options.at(signal)
  const encoding = own.text('encoding') ?? options.text('encoding') ?? 'otlp_proto'
  if (encoding !== 'otlp_proto') notes.push(`encoding: ${encoding} has no twin: let the writer use otlp_proto.`)
  const topics = [...own.texts('topics'), ...own.texts('topic'), ...options.texts('topic')]
  if (topics.length > 1) notes.push(`A receiver reads one topic: add others for ${topics.slice(1).join(', ')}.`)
  const twin = given({
    brokers: brokersOf(options),
    topic: topics[0] ?? `otlp_${signal}`,
    group: options.text('group_id') ?? 'otel-collector',
    client_id: options.text('client_id'),
    start_at: options.text('initial_offset') ?? 'latest',
    signal: signal === 'logs' ? 'logs' : undefined,
    session_timeout: optionalDuration(options, 'session_timeout'),
    ...kafkaAccess(options, notes)
  })
  for (const known of [...SIGNALS, 'protocol_version', 'autocommit', 'resolve_canonical_bootstrap_servers_only'])
    options.value(known)
  notes.push('Its pipelines take from no other receiver. Results of processors have the attribute partition.')
  return { twins: [{ type: 'kafka', options: twin }], notes }
}

function importRemoteWrite(options: Options, surroundings: Surroundings): Twins {
  const missing: string[] = []
  const endpoint = endpointOf(options.text('endpoint')) ?? '127.0.0.1:9090'
  const twin = given({ endpoint, ...serverAccess(options, surroundings, missing) })
  return { twins: [{ type: 'prometheus_remote_write', options: twin }], notes: [], missing }
}

/** `auth` and `tls` of a server. */
export function serverAccess(
  options: Options,
  { authenticator }: Pick<Surroundings, 'authenticator'>,
  missing: string[]
): Record<string, Yaml | undefined> {
  const id = options.at('auth').text('authenticator')
  const auth = id === undefined ? undefined : authenticator(id)
  if (id !== undefined && auth === undefined)
    missing.push(`auth: ${id} has no twin, so anybody may send: see service.authenticators.`)
  const tls = options.at('tls')
  const files = given({
    cert_file: tls.text('cert_file'),
    key_file: tls.text('key_file'),
    client_ca_file: tls.text('client_ca_file'),
    min_version: tls.text('min_version')
  })
  tls.value('reload_interval')
  return { auth, tls: Object.keys(files).length > 0 ? files : undefined }
}

/** `localhost:4317` is written with its address. */
const endpointOf = (endpoint: string | undefined) =>
  endpoint?.replace(/^localhost:/, '127.0.0.1:').replace(/^:(?=\d)/, '0.0.0.0:')

export function optionalDuration(options: Options, key: string): string | undefined {
  const text = options.text(key)
  return text === undefined ? undefined : durationOf(text)
}
