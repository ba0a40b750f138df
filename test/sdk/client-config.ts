/** A Weir that counts each request of a client once, and shows totals at `weir.prometheus`. */
export const WEIR = `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
processors:
  dedup: { mode: client_seq }
  windowed_counter: { windows: [100ms], output: [cumulative], allowed_lateness: 100ms, idle_timeout: 200ms }
exporters:
  prometheus: { endpoint: 127.0.0.1:0, target_info: false }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    all:
      receivers: [otlp]
      items: [points, events]
      processors: [dedup, windowed_counter]
      exporters: [prometheus]
`
