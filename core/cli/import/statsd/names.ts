import type { Options } from '../options.ts'

/** Templates of the names under which the backend graphite stores. */
export interface Names {
  readonly counter: string
  readonly timer: string
  readonly gauge: string
  readonly set: string
}

/** @param options of `graphite` */
export function namesOf(options: Options): Names {
  const suffix = options.text('globalSuffix')
  const end = suffix === undefined || suffix === '' ? '' : `.${suffix}`
  const prefixes = ['globalPrefix', 'prefixCounter', 'prefixTimer', 'prefixGauge', 'prefixSet'].map(key =>
    options.text(key)
  )
  if (options.flag('legacyNamespace') !== false)
    return {
      counter: `stats_counts.{name}${end}`,
      timer: `stats.timers.{name}.{aggregation}${end}`,
      gauge: `stats.gauges.{name}${end}`,
      set: `stats.sets.{name}.count${end}`
    }
  const [top = 'stats', counter = 'counters', timer = 'timers', gauge = 'gauges', set = 'sets'] = prefixes
  const under = (prefix: string, rest: string) => [top, prefix, rest].filter(part => part !== '').join('.') + end
  return {
    counter: under(counter, '{name}.count'),
    timer: under(timer, '{name}.{aggregation}'),
    gauge: under(gauge, '{name}'),
    set: under(set, '{name}.count')
  }
}
