/* The usual way: one Graphite, two percentiles. */
{
  port: 8125,
  mgmt_port: 8126,
  graphiteHost: "graphite.internal"
, graphitePort: 2003
, flushInterval: 10 * 1000 // as the retention of Graphite
, percentThreshold: [ 90, 99.9 ]
, backends: [ "./backends/graphite" ],
  deleteIdleStats: true
}
