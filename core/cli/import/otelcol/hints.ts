/** The advice for components that have no twin, by their type without underscores. */
export const HINTS: Readonly<Record<string, string>> = {
  // receivers
  hostmetrics: "run Prometheus's node_exporter, and scrape it by the receiver prometheus.",
  kubeletstats: "scrape the kubelet's /metrics/resource and /metrics/cadvisor by the receiver prometheus.",
  k8scluster: 'run kube-state-metrics, and scrape it by the receiver prometheus.',
  k8sevents: 'keep a Collector for it that sends OTLP to Weir.',
  dockerstats: 'run cAdvisor, and scrape it by the receiver prometheus.',
  redis: 'run redis_exporter, and scrape it by the receiver prometheus.',
  postgresql: 'run postgres_exporter, and scrape it by the receiver prometheus.',
  mysql: 'run mysqld_exporter, and scrape it by the receiver prometheus.',
  nginx: 'run nginx-prometheus-exporter, and scrape it by the receiver prometheus.',
  rabbitmq: 'enable its plugin rabbitmq_prometheus, and scrape it by the receiver prometheus.',
  httpcheck: 'run blackbox_exporter, and scrape it by the receiver prometheus.',
  filelog: 'Weir reads no files of logs. Keep a Collector for it that sends OTLP to Weir.',
  journald: 'Weir reads no journal of systemd. Keep a Collector for it that sends OTLP to Weir.',
  syslog: 'keep a Collector for it that sends OTLP to Weir.',
  fluentforward: 'let Fluent Bit send OTLP.',
  influxdb: 'let Telegraf send OTLP or StatsD.',
  jaeger: 'Weir takes no traces.',
  zipkin: 'Weir takes no traces.',
  // processors
  resourcedetection: 'set OTEL_RESOURCE_ATTRIBUTES in applications, or resource detectors of their SDKs.',
  k8sattributes:
    'set OTEL_RESOURCE_ATTRIBUTES by the downward API, or add attributes from a table by the processor enrich.',
  tailsampling: 'Weir takes no traces.',
  metricsgeneration: 'calculate it in a query or a recording rule (receiver rules).',
  metricstarttime: 'Weir takes a first point without a known start as the beginning, and counts increments from it on.',
  logdedup: 'windowed_counter counts events by their attributes.',
  redaction: 'transform deletes and hashes attributes by name, and replaces parts of their values.',
  schema: 'rename attributes by the processor transform.',
  remotetap: 'weir tap shows what passes a component.',
  // exporters
  file: 'write to ClickHouse, embedded in a folder, by the exporter clickhouse.',
  influxdbexporter: 'write to VictoriaMetrics by the exporter victoriametrics.',
  loki: 'store logs by the exporter clickhouse.',
  elasticsearch: 'store logs by the exporter clickhouse.',
  datadog: 'send OTLP to the Datadog Agent by the exporter otlp.',
  splunkhec: 'keep a Collector for it, and send OTLP to it by the exporter otlp.',
  awsemf: 'keep a Collector for it, and send OTLP to it by the exporter otlp.',
  googlecloud: 'keep a Collector for it, and send OTLP to it by the exporter otlp.',
  awsxray: 'Weir takes no traces.',
  // connectors
  spanmetrics: 'Weir takes no traces. Let SDKs send request durations as metrics.',
  servicegraph: 'Weir takes no traces.',
  routing: 'give each pipeline a filter.',
  failover: 'each exporter keeps its data, and tries again until its backend answers.',
  roundrobin: 'put a load balancer in front of the backends.',
  exceptions: 'Weir takes no traces.'
}

/** A Collector can stay for the sake of one component. */
const OTHERWISE: Readonly<Record<string, string>> = {
  receiver: 'keep a Collector for it that sends OTLP to Weir.',
  processor: 'keep a Collector for it in front of Weir, or write a plugin.',
  exporter: 'keep a Collector for it, and send OTLP to it by the exporter otlp.',
  connector: 'keep a Collector for it in front of Weir.'
}

/** The sentence on a component without a twin. @param kind such as `receiver` */
export function withoutTwin(kind: string, id: string, type: string): string {
  return `The ${kind} ${id} has no twin: ${HINTS[type] ?? OTHERWISE[kind]}`
}
