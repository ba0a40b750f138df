import { parseDuration } from '../../schema/units.ts'
import { durationOf } from './duration.ts'
import { isMapping, type Options } from './options.ts'
import type { Yaml } from './yaml.ts'

/** Options of a scrape config that Weir has by the same names. */
const SAME = [
  'job_name',
  'scrape_interval',
  'scrape_timeout',
  'scheme',
  'metrics_path',
  'params',
  'static_configs',
  'file_sd_configs',
  'http_sd_configs',
  'relabel_configs',
  'metric_relabel_configs',
  'honor_labels',
  'honor_timestamps',
  'scrape_native_histograms',
  'sample_limit',
  'label_limit',
  'label_name_length_limit',
  'label_value_length_limit',
  'basic_auth',
  'authorization'
]
const DEFAULT_TIMEOUT_MS = 10_000
/** Options of relabelling that are texts. */
const TEXTS = new Set(['regex', 'replacement', 'separator'])
const NESTED: Readonly<Record<string, readonly string[]>> = {
  basic_auth: ['username', 'password'],
  authorization: ['type', 'credentials'],
  tls_config: ['ca_file', 'insecure_skip_verify']
}

/**
 * The jobs of a `prometheus.yml`, with its global options in each.
 * @param notes gets a sentence for each option that has no twin
 */
export function scrapeConfigs(config: Options, notes: string[]): Yaml {
  const global = config.at('global')
  const intervals = { scrape_interval: global.text('scrape_interval'), scrape_timeout: global.text('scrape_timeout') }
  global.value('evaluation_interval')
  return config.each('scrape_configs').map(job => jobOf(job, intervals, notes))
}

function jobOf(job: Options, global: Readonly<Record<string, string | undefined>>, notes: string[]): Yaml {
  const name = job.text('job_name') ?? ''
  const own: Record<string, Yaml> = { job_name: name }
  for (const key of SAME.slice(1)) {
    const value = job.value(key) ?? global[key]
    if (value === undefined || value === null) continue
    own[key] = optionOf(job, key, value, notes)
  }
  if (isBelowDefaultTimeout(own)) own.scrape_timeout = own.scrape_interval
  if (job.has('tls_config')) own.tls_config = nested(job, 'tls_config', notes)
  const size = job.text('body_size_limit')
  if (size !== undefined) own.body_size_limit = size.replace(/([KMG])B$/, '$1iB')
  for (const option of job.unread()) notes.push(`Job ${name}: ${discoveryHint(option)}`)
  for (const key of job.keys) job.value(key)
  return own
}

/** Prometheus shortens the timeout that it has by default to the interval. */
function isBelowDefaultTimeout({ scrape_interval, scrape_timeout }: Readonly<Record<string, Yaml>>): boolean {
  if (typeof scrape_interval !== 'string' || scrape_timeout !== undefined) return false
  return /^[\d.]/.test(scrape_interval) && parseDuration(scrape_interval) < DEFAULT_TIMEOUT_MS
}

function optionOf(job: Options, key: string, value: unknown, notes: string[]): Yaml {
  if (NESTED[key] !== undefined) return nested(job, key, notes)
  if (key.startsWith('scrape_') && typeof value === 'string') return durationOf(value) ?? value
  return key.endsWith('relabel_configs') && Array.isArray(value) ? value.map(withTexts) : (value as Yaml)
}

/** `regex: true` is the text, in Prometheus. */
function withTexts(rule: unknown): Yaml {
  if (!isMapping(rule)) return rule as Yaml
  const isText = ([key, value]: [string, unknown]) =>
    TEXTS.has(key) && (typeof value === 'number' || typeof value === 'boolean')
  return Object.fromEntries(
    Object.entries(rule).map(entry => [entry[0], isText(entry) ? String(entry[1]) : (entry[1] as Yaml)])
  )
}

/** The options of a mapping that have twins. */
function nested(job: Options, key: string, notes: string[]): Yaml {
  const options = job.at(key)
  const own = Object.fromEntries(
    NESTED[key].filter(name => options.has(name)).map(name => [name, options.value(name) as Yaml])
  )
  for (const option of options.unread(`${key}.`)) notes.push(`Job ${job.text('job_name')}: ${option} has no twin.`)
  options.keys.forEach(name => void options.value(name))
  return own
}

function discoveryHint(option: string): string {
  if (!option.includes('_sd_configs')) return `${option} has no twin.`
  return `${option} has no twin: let a program write targets into a file for file_sd_configs, or answer http_sd_configs.`
}
