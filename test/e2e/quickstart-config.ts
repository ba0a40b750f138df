import path from 'node:path'
import { ROOT } from './weir-process.ts'

export const QUICKSTART = path.join(ROOT, 'configs/quickstart.yaml')

/**
 * Merged over the file that is shipped, which stays as it is: ports nobody else has.
 * @param admin port of the admin server, which is scraped each second; without it nothing is scraped
 */
export function quickstartPorts(admin?: number): string {
  const target = `scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{ targets: ["127.0.0.1:${admin}"] }]`
  return `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
  statsd: { endpoint: 127.0.0.1:0 }
  http: { endpoint: 127.0.0.1:0 }
  prometheus: { scrape_configs: [{ job_name: weir${admin === undefined ? '' : `, ${target}`} }] }
extensions:
  query_api: { endpoint: 127.0.0.1:0 }
service:
  admin: { endpoint: "127.0.0.1:${admin ?? 0}" }
`
}
