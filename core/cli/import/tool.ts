import { isMapping } from './options.ts'

export const TOOLS = ['otelcol', 'vmagent', 'statsd'] as const

/** A tool whose configuration can be read. */
export type Tool = (typeof TOOLS)[number]

/** The tool that a configuration is of, as its content tells. Undefined: nothing tells. */
export function toolOf(value: unknown): Tool | undefined {
  if (Array.isArray(value)) return value.some(rule => isMapping(rule) && 'outputs' in rule) ? 'vmagent' : undefined
  if (!isMapping(value)) return undefined
  if (isMapping(value.service) && 'pipelines' in value.service) return 'otelcol'
  if ('scrape_configs' in value) return 'vmagent'
  if (['flushInterval', 'backends', 'graphiteHost', 'percentThreshold', 'mgmt_port'].some(key => key in value))
    return 'statsd'
  return undefined
}
