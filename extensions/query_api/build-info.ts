/**
 * The version tells clients which parts of the API there are, so it is that of the Prometheus whose API this is. Grafana
 * asks for it when a data source is tested.
 */
export const BUILD_INFO = {
  version: '3.14.0',
  revision: 'weir',
  branch: 'HEAD',
  buildUser: '',
  buildDate: '',
  goVersion: ''
}
