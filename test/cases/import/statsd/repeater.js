(module.exports = {
  servers: [
    { server: './servers/udp', address: '0.0.0.0', port: 8125 },
    { server: './servers/tcp', address: '::1', port: 8125 },
    { server: './servers/tcp', socket: '/run/statsd.sock', socket_mod: 0o660 }
  ],
  backends: ['./backends/repeater', './backends/graphite'],
  repeater: [{ host: '10.0.0.7', port: 8125 }, { host: 'stats-b.internal', port: 9125 }],
  repeaterProtocol: 'udp4',
  graphiteHost: process.env.GRAPHITE_HOST || 'localhost',
  graphite: { legacyNamespace: false, globalPrefix: 'prod', prefixTimer: 'timings' },
  flush_counts: true,
  flushInterval: 60000,
})
