/** The work that all programs are given. */
export const SCENARIOS = {
  'windows-by': 'windows of 10 s by two attributes',
  'windows-all': 'windows of 10 s, all attributes kept',
  through: 'cumulative counters through to remote write',
  'remote-write-by': 'remote write of cumulative counters, in windows of 10 s by two labels',
  statsd: 'StatsD lines with tags, 22 a datagram, in windows of 10 s'
} as const

export type Scenario = keyof typeof SCENARIOS

/**
 * `random`: points in an order that is never the one before. `scattered`: in one order, but not that in which their series were
 * made. `churn`: one series of ten is replaced by a new one each minute.
 */
const VARIANTS = ['in order', 'random', 'scattered', 'churn'] as const

export interface Case {
  readonly scenario: Scenario
  readonly series: number
  readonly variant: (typeof VARIANTS)[number]
}

const SERIES = [50_000, 200_000, 1_000_000]
const OTLP_SCENARIOS = ['windows-by', 'windows-all', 'through'] as const
const MANY = 1_000_000
/** Names and tags of {@link SCENARIOS.statsd}. */
const STATSD_SERIES = 10_000

/** The cases of `npm run bench`. */
export const ALL_CASES: readonly Case[] = [
  ...OTLP_SCENARIOS.flatMap(scenario => [
    ...SERIES.map((series): Case => ({ scenario, series, variant: 'in order' })),
    { scenario, series: MANY, variant: 'random' } as const
  ]),
  { scenario: 'windows-all', series: MANY, variant: 'churn' },
  { scenario: 'through', series: MANY, variant: 'churn' },
  { scenario: 'remote-write-by', series: SERIES[0], variant: 'in order' },
  { scenario: 'statsd', series: STATSD_SERIES, variant: 'in order' }
]

/** As {@link parseCase} reads it: `windows-all/1000000/churn`. */
export function nameOf({ scenario, series, variant }: Case): string {
  return [scenario, series, ...(variant === 'in order' ? [] : [variant])].join('/')
}

/** @param text `SCENARIO`, `SCENARIO/SERIES` or `SCENARIO/SERIES/VARIANT` */
export function parseCase(text: string): Case {
  const [scenario, series = scenario === 'statsd' ? STATSD_SERIES : SERIES[0], variant = 'in order'] = text.split('/')
  if (!Object.hasOwn(SCENARIOS, scenario))
    throw new Error(`there is no scenario "${scenario}": use one of ${Object.keys(SCENARIOS).join(', ')}`)
  if (!VARIANTS.includes(variant as Case['variant']))
    throw new Error(`there is no variant "${variant}": use one of ${VARIANTS.join(', ')}`)
  if (!(Number(series) > 0)) throw new Error(`"${series}" is not a number of series`)
  return { scenario: scenario as Scenario, series: Number(series), variant: variant as Case['variant'] }
}
