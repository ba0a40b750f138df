import { createHash } from 'node:crypto'
import { compileRelabel } from '../../core/model/relabeling/compile.ts'
import { formatDuration, parseDuration } from '../../sdk/plugin/index.ts'
import type { ScrapeConfig, TargetGroup } from './config.ts'
import { LabelMap } from './label-map.ts'

/** Labels that begin so are gone once they have been of use. */
const META = '__'
const PARAMETER = '__param_'

/** A target to scrape. */
export interface Target {
  /** Equal for the same URL and labels. */
  readonly key: string
  readonly url: URL
  /** Labels of all its samples, with `job` and `instance`. */
  readonly labels: readonly (readonly [string, string])[]
  /** ms */
  readonly intervalMs: number
  readonly timeoutMs: number
}

/** Makes targets of what discovery finds, by `relabel_configs`. */
export function targetMaker(config: ScrapeConfig): (groups: readonly TargetGroup[]) => Target[] {
  const rules = config.relabel_configs.map(compileRelabel)
  return groups => {
    const targets = new Map<string, Target>()
    for (const { targets: addresses, labels } of groups)
      for (const address of addresses) {
        const found = discovered(config, address, labels)
        if (!rules.every(rule => rule(found))) continue
        const target = targetOf(found, config)
        if (target !== undefined) targets.set(target.key, target)
      }
    return [...targets.values()]
  }
}

/** The part of `intervalMs` after whose beginning a target is scraped: targets are spread over it, always alike. */
export function offsetOf({ key, intervalMs }: Target): number {
  return Number(createHash('md5').update(key).digest().readBigUInt64BE() % BigInt(intervalMs))
}

/** The labels of a target before relabelling. */
function discovered(config: ScrapeConfig, address: string, labels: Readonly<Record<string, string>>): LabelMap {
  const { job_name, metrics_path, scheme, params, scrape_interval, scrape_timeout } = config
  return new LabelMap([
    ['job', job_name],
    ['__scheme__', scheme],
    ['__metrics_path__', metrics_path],
    ['__scrape_interval__', formatDuration(scrape_interval)],
    ['__scrape_timeout__', formatDuration(scrape_timeout)],
    ...Object.entries(params).map(([name, [first]]) => [PARAMETER + name, first] as const),
    ...Object.entries(labels),
    ['__address__', address]
  ])
}

/** Undefined for what has no address to scrape. */
function targetOf(labels: LabelMap, { params, scrape_interval, scrape_timeout }: ScrapeConfig): Target | undefined {
  const address = labels.text('__address__')
  const url = URL.parse(`${labels.text('__scheme__')}://${address}${labels.text('__metrics_path__')}`)
  if (address === '' || url === null) return undefined
  for (const [name, [, ...rest]] of Object.entries(params))
    for (const value of rest) url.searchParams.append(name, value)
  for (const [name, value] of labels.all())
    if (name.startsWith(PARAMETER)) url.searchParams.append(name.slice(PARAMETER.length), value)
  if (labels.text('instance') === '') labels.set('instance', address)
  const intervalMs = durationOf(labels.text('__scrape_interval__'), scrape_interval)
  const timeoutMs = Math.min(intervalMs, durationOf(labels.text('__scrape_timeout__'), scrape_timeout))
  labels.delete(label => label.startsWith(META))
  const own = labels.entries().sort(([a], [b]) => (a < b ? -1 : 1))
  return { key: JSON.stringify([url.href, own]), url, labels: own, intervalMs, timeoutMs }
}

/** Of a text that is no duration it is `otherwise`. */
const durationOf = (text: string, otherwise: number) => parseDuration(text) || otherwise
