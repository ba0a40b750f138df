import { Draft } from '../draft.ts'
import { Options } from '../options.ts'
import { Block, type Yaml } from '../yaml.ts'
import type { Unreadable } from './js-object.ts'
import { type Names, namesOf } from './names.ts'
import { timerRule } from './timers.ts'

const DEFAULT_PORT = 8125
const DEFAULT_FLUSH_MS = 10_000

/** The ways of Weir for other options. Empty: nothing is to be said. */
const HINTS: Readonly<Record<string, string>> = {
  title: '',
  automaticConfigReload: 'weir run --watch reloads when the file changes; otherwise weir reload does.',
  mgmt_port: 'the admin server answers instead, on 127.0.0.1:13133: its page, weir top, weir tap and /readyz.',
  mgmt_address: 'see service.admin.endpoint.',
  healthStatus: '/readyz of the admin server says it.',
  dumpMessages: 'weir tap receiver/statsd shows what comes.',
  keyFlush: 'the tab Cardinality of the page shows metrics with most series.',
  keyNameSanitize: 'names stay as they are, and exporters translate them for their store.',
  histogram:
    'the aggregation histogram of windowed_counter makes buckets for all values (aggregations: [histogram]). Their bounds are not chosen.',
  deleteGauges: 'a gauge without new values is sent no more.',
  gaugesMaxTTL: 'a gauge without new values is sent no more.',
  log: 'Weir logs to standard error.',
  console: ''
}
// Each kind is named, so that nothing passes as it came.
const COUNTERS = { kind: ['counter', 'up_down_counter', 'event'] }
const TIMERS = { kind: ['histogram', 'exponential_histogram'] }
const IDLE = ['deleteIdleStats', 'deleteCounters', 'deleteTimers', 'deleteSets']

/** The configuration of Etsy's StatsD. */
export function importStatsd(value: unknown, unreadable: readonly Unreadable[]): Draft {
  const config = new Options(value)
  const draft = new Draft('Written by weir import from a configuration of statsd.')
  for (const { path, line, text } of unreadable) {
    draft.breakAtTop(
      `Line ${line}: ${path} is code and no data, and is not run: ${shortened(text)}. Write its value by hand.`
    )
  }
  draft.add('receivers', 'statsd', receiverOf(config, draft))
  const graphite = config.at('graphite')
  const names = namesOf(graphite)
  const windows = [durationOf(config.number('flushInterval') ?? DEFAULT_FLUSH_MS)]
  noteIdle(config, draft)
  draft.add('processors', 'windowed_counter', counterOf(config, names, windows, draft))
  draft.add('processors', 'transform', transformOf(config, names))
  const { exporters, repeaters } = exportersOf(config, draft)
  noteOthers(config, draft)
  const processors = ['windowed_counter', 'transform']
  if (exporters.length > 0) draft.addPipeline('metrics', { receivers: ['statsd'], processors, exporters })
  if (repeaters.length > 0)
    draft.addPipeline('repeater', { receivers: ['statsd'], processors: [], exporters: repeaters })
  return draft
}

function receiverOf(config: Options, draft: Draft): Yaml {
  const servers = config.each('servers')
  const single = [config.text('address') ?? '0.0.0.0', config.text('port') ?? String(DEFAULT_PORT)] as const
  config.value('address_ipv6')
  const tags = { tag_formats: ['graphite'] }
  if (servers.length === 0 && config.text('server') === undefined) return { endpoint: hostPort(...single), ...tags }
  const all = servers.length > 0 ? servers : [config]
  const listen = all.map(server => {
    const kind = server.text('server') ?? './servers/udp'
    server.value('address_ipv6')
    if (!/\/(udp|tcp)$/.test(kind)) draft.note('receivers', `The server ${kind} has no twin; it is taken for UDP.`)
    const socket = server.text('socket')
    if (socket !== undefined) return `unix://${socket}`
    const scheme = kind.endsWith('tcp') ? 'tcp' : 'udp'
    return `${scheme}://${hostPort(server.text('address') ?? single[0], server.text('port') ?? single[1])}`
  })
  return { listen, ...tags }
}

function counterOf(config: Options, names: Names, windows: readonly string[], draft: Draft): Block {
  config.value('flush_counts')
  const timers = timerRule(config)
  const rules = [
    rule(COUNTERS, { aggregations: ['sum'], name: names.counter }).title(
      'Rates have no twin: divide counts by the seconds of the window in the query.'
    )
  ]
  if (timers.aggregations.length > 0) {
    const block = rule(TIMERS, { aggregations: timers.aggregations, quantiles: timers.quantiles, name: names.timer })
    draft.noteOn(block, ['Timers:', ...timers.notes.map(note => `- ${note}`)], timers.notes.length)
    rules.push(block)
  }
  rules.push(rule({ kind: 'gauge' }, { aggregations: ['last'], name: names.gauge }))
  rules.push(rule({ kind: 'set' }, { aggregations: ['unique'], name: names.set }))
  return new Block().set('windows', windows, 'flushInterval').set('output', ['delta']).set('rules', rules)
}

function rule(match: Yaml, options: { readonly [key: string]: Yaml | undefined }): Block {
  const block = new Block().set('match', match)
  for (const [key, value] of Object.entries(options)) block.set(key, value)
  return block
}

/** Names of aggregations as they are there. Etsy's server tells windows by time alone. */
function transformOf(config: Options, names: Names): Yaml {
  const [head, tail] = names.timer.split('{name}.{aggregation}').map(literal)
  const renames = timerRule(config).renamed.map(([here, there]) => ({
    replace: {
      attribute: '__name__',
      regex: `^(${head}.*)\\.${here}${tail}$`,
      replacement: `$1.${there}${tail.replaceAll('\\', '')}`
    }
  }))
  return { statements: [...renames, { delete: ['window'] }] }
}

function exportersOf(config: Options, draft: Draft): { exporters: string[]; repeaters: string[] } {
  const backends = config.has('backends') ? config.texts('backends') : ['./backends/graphite']
  const exporters: string[] = []
  const repeaters: string[] = []
  const host = config.text('graphiteHost')
  const port = config.text('graphitePort') ?? '2003'
  for (const key of ['graphitePicklePort', 'graphiteProtocol', 'repeaterProtocol']) config.value(key)
  for (const backend of backends) {
    const name = backend.replace(/^.*\//, '').replace(/\.js$/, '')
    if (name === 'console') exporters.push(draft.add('exporters', 'debug', { verbosity: 'detailed' }))
    else if (name === 'repeater') repeaters.push(...repeatersOf(config, draft))
    else {
      const what = name === 'graphite' ? `graphite (${host ?? 'no host'}:${port})` : name
      draft.note(
        'exporters',
        `The backend ${what} has no twin. Points go to VictoriaMetrics or another store with remote write; dots in names become _.`
      )
      if (!exporters.includes('victoriametrics'))
        exporters.push(
          draft.add('exporters', 'victoriametrics', {
            endpoint: '${env:REMOTE_WRITE_URL:-http://127.0.0.1:8428/api/v1/write}',
            // Names have no unit there.
            translation_strategy: 'UnderscoreEscapingWithoutSuffixes'
          })
        )
    }
  }
  if (exporters.length + repeaters.length === 0)
    draft.break('exporters', 'There are no backends, so points would go nowhere: give the pipeline an exporter.')
  return { exporters, repeaters }
}

function repeatersOf(config: Options, draft: Draft): string[] {
  const scheme = config.text('repeaterProtocol') === 'tcp' ? 'tcp' : 'udp'
  return config.each('repeater').map(target => {
    const endpoint = `${scheme}://${hostPort(target.text('host') ?? '127.0.0.1', target.text('port') ?? String(DEFAULT_PORT))}`
    return draft.add('exporters', 'statsd/repeater', { endpoint, histogram_type: 'ms' })
  })
}

function noteIdle(config: Options, draft: Draft): void {
  const isDeleted = IDLE.map(key => config.flag(key)).includes(true)
  if (!isDeleted)
    draft.note('processors', 'For what is idle Etsy sends 0, and the last value of gauges. Weir sends nothing.')
}

function noteOthers(config: Options, draft: Draft): void {
  const own = config.text('prefixStats') ?? 'statsd'
  draft.note(
    draft.service,
    `Its own ${own}.metrics_received and others have no twin: Weir's own metrics are at /metrics of the admin server.`
  )
  if (config.value('debug') === true) draft.service.set('log', { level: 'debug' })
  for (const [key, hint] of Object.entries(HINTS)) {
    if (!config.has(key)) continue
    config.value(key)
    if (hint !== '') draft.note(draft.service, `${key}: ${hint}`)
  }
  for (const option of config.unread()) draft.note(draft.service, `${option} has no twin.`)
}

const durationOf = (ms: number) => (ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`)

const hostPort = (host: string, port: string) =>
  `${host.includes(':') && !host.includes('${') ? `[${host}]` : host}:${port}`

const literal = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')

const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 57)}…` : text)
