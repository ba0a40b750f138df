import type { Options } from '../options.ts'
import type { Yaml } from '../yaml.ts'
import { brokersOf, kafkaAccess, SIGNALS } from './kafka.ts'
import { optionalDuration } from './receivers.ts'
import { given, type Importer, type Surroundings, type Twins } from './twin.ts'

/** By type without underscores. */
export const EXPORTERS: Readonly<Record<string, Importer>> = {
  otlp: (options, surroundings) => importOtlp(options, surroundings, 'grpc'),
  otlpgrpc: (options, surroundings) => importOtlp(options, surroundings, 'grpc'),
  otlphttp: (options, surroundings) => importOtlp(options, surroundings, undefined),
  prometheusremotewrite: importRemoteWrite,
  prometheus: importPrometheus,
  kafka: importKafka,
  debug: importDebug,
  logging: importDebug,
  nop: () => ({ twins: [{ type: 'debug', options: { verbosity: 'none' } }], notes: [] }),
  clickhouse: importClickhouse
}

function importOtlp(options: Options, surroundings: Surroundings, protocol: 'grpc' | undefined): Twins {
  const notes: string[] = []
  const missing: string[] = []
  const tls = options.at('tls')
  const scheme = tls.flag('insecure') === true ? 'http' : 'https'
  const own = options.text(`${surroundings.signal}_endpoint`)
  if (own !== undefined && !/\/v1\/(metrics|logs)$/.test(own))
    notes.push(`${surroundings.signal}_endpoint: Weir adds /v1/${surroundings.signal} to it.`)
  const written = own ?? options.text('endpoint')
  const endpoint = written?.replace(/\/v1\/(metrics|logs)$/, '').replace(/\/$/, '') ?? ''
  for (const key of ['traces_endpoint', 'profiles_endpoint', 'balancer_name', 'write_buffer_size', 'read_buffer_size'])
    options.value(key)
  const compression = options.text('compression')
  const twin = given({
    endpoint: /^https?:\/\/|^\$\{env:\w+\}$/.test(endpoint)
      ? endpoint
      : `${scheme}://${endpoint.replace(/^dns:\/*/, '')}`,
    protocol,
    headers: headersOf(options, surroundings, notes, missing),
    compression: compression === undefined || compression === 'gzip' ? undefined : compression,
    ...queueOf(options, notes)
  })
  if (tls.has('ca_file')) notes.push(`tls.ca_file: start Weir with NODE_EXTRA_CA_CERTS=${tls.text('ca_file')}.`)
  return { twins: [{ type: 'otlp', options: twin }], notes, missing }
}

function importRemoteWrite(options: Options, surroundings: Surroundings): Twins {
  const notes: string[] = []
  const missing: string[] = []
  const namespace = options.text('namespace')
  const client = clientAuth(options, surroundings, missing)
  const twin = given({
    endpoint: options.text('endpoint'),
    headers: given(texts(options.at('headers'))),
    ...client,
    external_labels: given(texts(options.at('external_labels'))),
    ...namesOf(options, notes),
    // Prometheus and others have no vmrange.
    exponential_histograms: 'le',
    ...queueOf(options, notes)
  })
  for (const key of ['remote_write_queue', 'max_batch_size_bytes', 'wal']) options.value(key)
  const tls = options.at('tls')
  if (tls.has('ca_file')) notes.push(`tls.ca_file: start Weir with NODE_EXTRA_CA_CERTS=${tls.text('ca_file')}.`)
  tls.value('insecure')
  const twins = [{ type: 'victoriametrics', options: withoutEmpty(twin) }]
  return { twins, notes, missing, processors: prefixing(namespace) }
}

function importPrometheus(options: Options): Twins {
  const notes: string[] = []
  const namespace = options.text('namespace')
  const twin = given({
    endpoint: options.text('endpoint'),
    const_labels: given(texts(options.at('const_labels'))),
    metric_expiration: optionalDuration(options, 'metric_expiration'),
    ...namesOf(options, notes)
  })
  // The scraper asks for its format by Accept.
  options.value('enable_open_metrics')
  if (options.flag('send_timestamps') === true)
    notes.push('send_timestamps has no twin: the time of a scrape is theirs.')
  return { twins: [{ type: 'prometheus', options: withoutEmpty(twin) }], notes, processors: prefixing(namespace) }
}

/** Names and labels of both exporters for Prometheus. */
function namesOf(options: Options, notes: string[]): Record<string, Yaml | undefined> {
  const isPlain = options.flag('add_metric_suffixes') === false
  const strategy = options.text('translation_strategy')
  const conversion = options.at('resource_to_telemetry_conversion')
  if (conversion.flag('enabled') === true)
    notes.push(
      'resource_to_telemetry_conversion puts all attributes of resources on series: list those you need in promote_resource_attributes.'
    )
  const target = options.at('target_info').flag('enabled')
  return {
    translation_strategy: strategy ?? (isPlain ? 'UnderscoreEscapingWithoutSuffixes' : undefined),
    target_info: target === false ? false : undefined
  }
}

/** The namespace of an exporter, put before names on the way to it. */
function prefixing(namespace: string | undefined): Twins['processors'] {
  if (namespace === undefined || namespace === '') return undefined
  const relabel = [{ source_labels: ['__name__'], target_label: '__name__', replacement: `${namespace}_$1` }]
  return [{ type: 'transform', options: { statements: [{ relabel }] } }]
}

function importKafka(options: Options, { signal }: Surroundings): Twins {
  const notes: string[] = []
  const own = options.at(signal)
  const encoding = own.text('encoding') ?? options.text('encoding') ?? 'otlp_proto'
  if (encoding !== 'otlp_proto') notes.push(`encoding: ${encoding} has no twin: the records are otlp_proto.`)
  const compression = options.at('producer').text('compression') ?? 'none'
  const twin = given({
    brokers: brokersOf(options),
    client_id: options.text('client_id'),
    topic: own.text('topic') ?? options.text('topic') ?? `otlp_${signal}`,
    compression,
    ...kafkaAccess(options, notes),
    ...queueOf(options, notes)
  })
  for (const known of ['protocol_version', ...SIGNALS]) options.value(known)
  return { twins: [{ type: 'kafka', options: twin }], notes }
}

function importDebug(options: Options): Twins {
  const isDetailed = options.text('verbosity') === 'detailed' || options.text('loglevel') === 'debug'
  for (const key of ['sampling_initial', 'sampling_thereafter', 'use_internal_logger']) options.value(key)
  return { twins: [{ type: 'debug', options: isDetailed ? { verbosity: 'detailed' } : null }], notes: [] }
}

function importClickhouse(options: Options): Twins {
  const endpoint = options.text('endpoint') ?? ''
  const [, scheme = '', host = endpoint] = /^(\w+):\/\/([^/?]+)/.exec(endpoint) ?? []
  const isNative = !scheme.startsWith('http')
  const isSecure = scheme === 'https' || /[?&]secure=true/.test(endpoint)
  const address = isNative ? host.replace(/:(9000|9440)$/, isSecure ? ':8443' : ':8123') : host
  const notes = ['schema: otel has the tables of the Collector. For new tables see schema: compact in the README.']
  if (isNative && endpoint !== address)
    notes.push(`Weir speaks HTTP to ClickHouse, not the native protocol of ${scheme || host}: see its port.`)
  const twin = given({
    endpoint: `${isSecure ? 'https' : 'http'}://${address}`,
    username: options.text('username'),
    password: options.text('password'),
    database: options.text('database') ?? 'default',
    schema: 'otel',
    ttl: optionalDuration(options, 'ttl'),
    create_schema: options.flag('create_schema'),
    cluster: options.text('cluster_name'),
    ...queueOf(options, notes)
  })
  for (const key of ['async_insert', 'compress']) options.value(key)
  return { twins: [{ type: 'clickhouse', options: twin }], notes }
}

/** `timeout`, and the retries and queue of all exporters. */
function queueOf(options: Options, notes: string[]): Record<string, Yaml | undefined> {
  const retries = options.at('retry_on_failure')
  const retry = given({
    initial_interval: optionalDuration(retries, 'initial_interval'),
    max_interval: optionalDuration(retries, 'max_interval'),
    max_elapsed_time: optionalDuration(retries, 'max_elapsed_time')
  })
  for (const key of ['randomization_factor', 'multiplier']) retries.value(key)
  if (retries.flag('enabled') === false)
    notes.push(
      'retry_on_failure.enabled: false has no twin: Weir tries again until it succeeds, or for retry.max_elapsed_time.'
    )
  const queue = options.at('sending_queue')
  if (queue.text('storage') !== undefined)
    notes.push('sending_queue.storage: with service.journal the queue goes on on disk, and nothing is lost by a crash.')
  // Its queue is a number of batches; Weir's is a size in memory.
  for (const key of [
    'enabled',
    'num_consumers',
    'queue_size',
    'sizer',
    'block_on_overflow',
    'batch',
    'wait_for_result'
  ])
    queue.value(key)
  return { timeout: optionalDuration(options, 'timeout'), retry: Object.keys(retry).length > 0 ? retry : undefined }
}

function headersOf(options: Options, surroundings: Surroundings, notes: string[], missing: string[]): Yaml | undefined {
  const headers = given(texts(options.at('headers')))
  const { bearer_token, basic_auth } = clientAuth(options, surroundings, missing)
  if (typeof bearer_token === 'string') headers.Authorization = `Bearer ${bearer_token}`
  if (basic_auth !== undefined)
    notes.push('Basic authentication: write the header Authorization, "Basic " and user:password in base64.')
  return Object.keys(headers).length > 0 ? headers : undefined
}

/** The access that an authenticator gives to a server. @param missing gets a sentence if it has no twin */
function clientAuth(
  options: Options,
  { extension }: Surroundings,
  missing: string[]
): { bearer_token?: Yaml; basic_auth?: Yaml } {
  const id = options.at('auth').text('authenticator')
  if (id === undefined) return {}
  const found = extension(id)
  const token = found?.text('token')
  if (token !== undefined) return { bearer_token: token }
  const client = found?.at('client_auth')
  const username = client?.text('username')
  if (client !== undefined && username !== undefined)
    return { basic_auth: { username, password: client.text('password') ?? '' } }
  missing.push(
    `auth: ${id} has no twin, so nothing proves who sends: write headers, or send through a proxy that signs.`
  )
  return {}
}

const texts = (options: Options) => Object.fromEntries(options.keys.map(key => [key, options.text(key)]))

const withoutEmpty = (options: { [key: string]: Yaml }) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => JSON.stringify(value) !== '{}'))
