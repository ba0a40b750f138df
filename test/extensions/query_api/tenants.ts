/** `service.tenants`, named by a header. */
export const TENANTS = {
  header: 'X-Scope-OrgID',
  over_limit_status: 429,
  limits: { samples_per_second: 0, burst: 1, max_series: 10 },
  overrides: {}
}
