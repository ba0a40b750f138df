import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { builtIns } from '../../built-ins.ts'
import { KINDS, Registry } from '../../core/plugin/registry.ts'
import { type ContractOptions, contractOf } from '../../sdk/plugin/contract-test.ts'
import { freePort } from '../servers/free-port.ts'

const folder = path.join(tmpdir(), `weir-contract-${process.pid}`)
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
const closedPort = await freePort()

/** A UDP socket that is never read: without one, the second datagram would be an error. */
async function discarding(): Promise<string> {
  const socket = createSocket('udp4').unref()
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return `udp://127.0.0.1:${socket.address().port}`
}

/** What must be said for components that defaults alone do not start; the others need no entry. */
const COUNTER_OPTIONAL = ['aggregations', 'attribute', 'by', 'match', 'max_stale', 'name', 'rules', 'without']
const KAFKA_OPTIONAL = ['sasl', 'tls', 'tls.ca_file', 'tls.cert_file', 'tls.key_file']
const OPTIONS: Readonly<Record<string, ContractOptions>> = {
  'receiver http': { config: { endpoint: '127.0.0.1:0' }, optional: serverOptional('') },
  'receiver otlp': {
    config: { protocols: { http: { endpoint: '127.0.0.1:0' }, grpc: { endpoint: '127.0.0.1:0' } } },
    // A protocol that is named listens.
    optional: [
      'protocols.http',
      'protocols.grpc',
      ...serverOptional('protocols.http.'),
      ...serverOptional('protocols.grpc.')
    ]
  },
  'receiver kafka': {
    config: { brokers: [`127.0.0.1:${closedPort}`], topic: 'a', group: 'g' },
    optional: ['dead_letter_topic', 'instance_id', 'state_topic', ...KAFKA_OPTIONAL]
  },
  'receiver prometheus_remote_write': { config: { endpoint: '127.0.0.1:0' }, optional: serverOptional('') },
  'receiver prometheus': { config: { scrape_configs: [{ job_name: 'a' }] }, optional: ['tenant'] },
  'receiver rules': {
    config: { files: [path.join(import.meta.dirname, 'rules.yml')], store: 'clickhouse' },
    optional: ['tenant']
  },
  'receiver statsd': { config: { endpoint: '127.0.0.1:0' }, optional: ['tenant', 'tls', 'tls.client_ca_file'] },
  'processor cumulative_to_delta': { optional: ['match'] },
  'processor delta_to_cumulative': { optional: ['match'] },
  'processor enrich': {
    config: { file: path.join(import.meta.dirname, '../cases/enrich/json/codes.json'), attribute: 'code' },
    optional: ['match']
  },
  'processor filter': { config: { exclude: { name: 'x.*' } }, optional: ['exclude', 'include'] },
  'processor memory_limiter': { optional: ['max_heap', 'max_rss'] },
  'processor rate_limiter': { config: { rate: 1 }, optional: ['match'] },
  'processor sampler': { config: { probability: 0.5 }, optional: ['attribute', 'match'] },
  'processor transform': { config: { statements: [{ delete: ['code'] }] } },
  // What is right of gauges depends on `by` and `without`.
  'processor rollup': { optional: ['by', 'gauges', 'max_stale'] },
  // Without `by` all attributes are kept, which no list of them says; likewise the others.
  'processor windowed_counter': { optional: COUNTER_OPTIONAL },
  // One of the two is given, and says where the engine is.
  'exporter clickhouse': { config: { embedded: folder }, optional: ['embedded', 'endpoint'] },
  'exporter kafka': {
    config: { brokers: [`127.0.0.1:${closedPort}`], topic: 'a' },
    optional: KAFKA_OPTIONAL,
    unreachable: true
  },
  'exporter prometheus': { config: { endpoint: '127.0.0.1:0' }, optional: serverOptional('') },
  // One of the two is given, and says who is asked.
  'extension query_api': {
    config: { endpoint: '127.0.0.1:0', store: 'clickhouse' },
    optional: ['store', 'forward', ...serverOptional('')]
  },
  // Nobody reads the datagrams, and nobody says so.
  'exporter statsd': { config: { endpoint: await discarding() } },
  'exporter otlp': { config: { endpoint: `http://127.0.0.1:${closedPort}` }, unreachable: true },
  'exporter victoriametrics': {
    config: { endpoint: `http://127.0.0.1:${closedPort}/api/v1/write` },
    unreachable: true
  }
}

/** Options of servers. @param at the path before them */
function serverOptional(at: string): string[] {
  return ['auth', 'tls', 'tls.client_ca_file'].map(option => `${at}${option}`)
}

/** The same again, set up otherwise. */
const VARIANTS: Readonly<Record<string, ContractOptions | readonly ContractOptions[]>> = {
  'exporter clickhouse': {
    config: { endpoint: `http://127.0.0.1:${closedPort}` },
    optional: ['embedded', 'endpoint'],
    unreachable: true
  },
  'exporter debug': { config: { verbosity: 'detailed' } },
  'exporter otlp': { config: { endpoint: `http://127.0.0.1:${closedPort}`, protocol: 'grpc' }, unreachable: true },
  'processor batch': { config: { max_items: 2, by: ['code', 'plan'] } },
  // One place for all: nearly everything is over the limit.
  'processor cardinality_limiter': [
    { config: { max_series_total: 1, max_folded_series: 2 } },
    { config: { max_series_total: 1, action: 'drop_label' } },
    { config: { max_series_total: 1, action: 'drop' } },
    { config: { max_series_total: 1, max_metrics: 1, action: 'observe' } },
    { config: { max_values_per_label: 1, overrides: [{ metric: 'a.*', max_series: 1, action: 'drop_label' }] } }
  ],
  'processor cumulative_to_delta': { config: { max_streams: 1, max_stale: '1s' }, optional: ['match'] },
  'processor dedup': [
    { config: { memory: 'probabilistic', max_entries: 64 } },
    { config: { mode: 'sample' } },
    { config: { mode: 'sample', conflict: 'pass', window: '1s' } },
    { config: { mode: 'request' } },
    { config: { mode: 'request', memory: 'probabilistic' } },
    { config: { mode: 'client_seq', max_sources: 1 } },
    { config: { mode: 'ha_replica', cluster_label: 'route', replica_label: 'code' } }
  ],
  'processor delta_to_cumulative': { config: { max_streams: 1, max_stale: '1s' }, optional: ['match'] },
  'processor filter': { config: { include: { kind: ['counter', 'event'] } }, optional: ['exclude', 'include'] },
  'processor rate_limiter': { config: { rate: 1, burst: 5, action: 'refuse' }, optional: ['match'] },
  'processor sampler': { config: { probability: 0.1, attribute: 'route' }, optional: ['attribute', 'match'] },
  'processor transform': {
    config: { statements: [{ relabel: [{ source_labels: ['__name__'], regex: 'a.counter|signup', action: 'drop' }] }] }
  },
  'processor rollup': {
    config: { tiers: [{ size: '10s', attributes: { tenant: '1' } }, { size: '1m' }], by: ['route'], late: 'amend' },
    optional: ['by', 'gauges', 'max_stale']
  },
  'processor windowed_counter': {
    config: {
      max_groups: 1,
      rules: [
        { by: ['route'], late: 'drop', windows: ['1s', '1h'] },
        { without: ['route'], name: 'amended.{name}', late: 'amend', windows: ['1s', { size: '1m', every: '10s' }] },
        { aggregations: ['count', 'min', 'max', 'avg', 'last', 'quantiles', 'histogram'], late: 'side_output' },
        { aggregations: ['unique'], attribute: 'route', name: 'of_route.{name}' }
      ]
    },
    optional: COUNTER_OPTIONAL
  },
  'receiver statsd': {
    config: { listen: ['udp://127.0.0.1:0', 'tcp://127.0.0.1:0'], udp_sockets: 2 },
    optional: ['tenant', 'tls', 'tls.client_ca_file']
  }
}

const registry = new Registry(builtIns)
for (const kind of KINDS) {
  for (const type of registry.types(kind)) {
    const name = `${kind} ${type}`
    const plugin = (await registry.find(kind, type))!
    describe(name, () => {
      for (const { name: rule, check } of contractOf(plugin, OPTIONS[name])) it(rule, check)
    })
    for (const variant of [VARIANTS[name] ?? []].flat()) {
      describe(`${name} with ${JSON.stringify(variant.config)}`, () => {
        for (const { name: rule, check } of contractOf(plugin, variant)) it(rule, check)
      })
    }
  }
}
