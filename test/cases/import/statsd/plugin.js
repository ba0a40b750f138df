{
  flushInterval: 10000,
  address: '0.0.0.0',
  port: '8125',
  percentThreshold: [-10, 50],
  backends: ['statsd-elasticsearch-backend', './backends/console'],
  elasticsearch: { host: 'es.internal', port: 9200, secret: 'not-shown' },
  keyFlush: { interval: 30000, percent: 50 }
}
