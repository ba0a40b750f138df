// Only what the dashboards show.
{
  graphiteHost: '192.0.2.10',
  graphite: { legacyNamespace: false },
  calculatedTimerMetrics: ['count', 'upper_percent', 'median', 'mean', 'std'],
  percentThreshold: 95,
  histogram: [ { metric: 'render', bins: [ 10, 100, 1000, 'inf' ] }, { metric: '', bins: [] } ],
  prefixStats: 'statsd-1',
  keyNameSanitize: false,
  deleteGauges: true
}
