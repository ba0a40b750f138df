import type { Request } from 'express'
import { RequestError } from '../../http/request-error.ts'
import { sortAttributes } from '../../model/attributes.ts'
import { ITEM_KINDS, type ItemKind } from '../../model/matching/config.ts'
import type { NamedSeries } from '../../model/named-series.ts'
import { NO_SCOPE } from '../../model/series.ts'
import type { BuiltService } from '../../pipeline/service/build.ts'
import { type AskedSeries, type FoundSeries, findSeries } from './series-search.ts'
import { eventSightings, type Sighting, sightings } from './sightings.ts'
import { type PipelineTrace, type ShownSeries, shown, trace } from './trace.ts'

/** Each goes through all series, and looks at all items for some time. */
const MOST_AT_ONCE = 8
/** Series of an answer. */
const MOST_TRACED = 5
const USUAL_WATCH_S = 1
const LONGEST_WATCH_S = 10

/** The ways of the series that match. */
export interface WhyAnswer {
  /** Series known now that have the name and the labels. */
  readonly matching: number
  /** Some of those that were received; or one as it was asked for, if there is none. */
  readonly traced: readonly TracedSeries[]
  /** Some of those that components made. */
  readonly made: readonly ShownSeries[]
  /** In words: why nothing matches, or what is left out. */
  readonly hints: readonly string[]
  /** How long receivers were watched. */
  readonly watchedSeconds: number
}

export interface TracedSeries {
  readonly series: ShownSeries
  /** False if nothing like it was received, as far as is known: then it is the way that it would take. */
  readonly isReceived: boolean
  /** The receivers that got some of it while they were watched. */
  readonly seen: readonly Sighting[]
  readonly pipelines: readonly PipelineTrace[]
}

/**
 * Answers `GET /api/why` with the way of a series through all components.
 * @param hide takes secrets of the configuration out of a text
 */
export function exposeWhy(service: BuiltService, hide: (text: string) => string): void {
  // Components may name their backends by URLs with secrets.
  const hidden = (_key: string, value: unknown) => (typeof value === 'string' ? hide(value) : value)
  let answering = 0
  service.services.routes.set('get /api/why', async (request, response) => {
    const asked = askedSeries(request)
    const seconds = watchSeconds(request)
    if (answering === MOST_AT_ONCE) throw new RequestError(429, `${MOST_AT_ONCE} others ask just now: try again`)
    answering++
    try {
      const answer = await whyOf(asked, seconds, service)
      response.set('cache-control', 'no-store').type('json').send(JSON.stringify(answer, hidden))
    } finally {
      answering--
    }
  })
}

async function whyOf(asked: AskedSeries, seconds: number, { services, topology }: BuiltService): Promise<WhyAnswer> {
  const { series: table, clock } = services
  const found = await findSeries(asked, table)
  const chosen = [...found.received].slice(0, MOST_TRACED)
  const unknown = chosen.length === 0 ? unknownSeries(asked, found) : undefined
  const ms = seconds * 1000
  const seen =
    unknown?.kind === 'event'
      ? await eventSightings(unknown, ms, topology, clock)
      : await sightings(found.received.keys(), ms, topology, clock)
  const traced = unknown === undefined ? chosen : ([[0, unknown]] as const)
  return {
    matching: found.matching,
    traced: traced.map(([id, series]) => {
      const own = seen.get(id) ?? []
      const pipelines = trace(series, topology, new Set(own.map(({ receiver }) => receiver)))
      return { series: shown(series), isReceived: unknown === undefined, seen: own, pipelines }
    }),
    made: found.made.map(shown),
    hints: hintsOf(asked, found, unknown),
    watchedSeconds: seconds
  }
}

/** One as it was asked for. Events are in no table, but the series are that they were counted in. */
function unknownSeries({ metric, labels, kind }: AskedSeries, { made }: FoundSeries): NamedSeries {
  const own = kind ?? (made.length > 0 ? 'event' : 'counter')
  return {
    // Prometheus may know the counts by a longer name than that of the events.
    name: own === 'event' ? (made[0]?.name ?? metric) : metric,
    kind: own,
    temporality: own === 'gauge' || own === 'event' ? 'unspecified' : 'delta',
    unit: '',
    attributes: sortAttributes([...labels]),
    resource: [],
    scope: NO_SCOPE
  }
}

function hintsOf(
  { metric, labels }: AskedSeries,
  { received, matching, others, otherLabels }: FoundSeries,
  unknown: NamedSeries | undefined
): string[] {
  const hints: string[] = []
  const kind = unknown?.kind.replaceAll('_', ' ')
  if (unknown?.kind === 'event')
    hints.push('Events are not remembered one by one: this is the way of an event of this name and these attributes.')
  else if (unknown !== undefined)
    hints.push(`No such series was received lately: this is the way that a ${kind} would take.`)
  if (unknown !== undefined && others > 0 && labels.size > 0)
    hints.push(
      `${others} series of ${metric} have other labels; some of their names are ${[...otherLabels].join(', ')}.`
    )
  if (received.size > MOST_TRACED)
    hints.push(`${matching} series match, and ${MOST_TRACED} of them are shown: give more labels.`)
  return hints
}

/** Throws a {@link RequestError}. */
function askedSeries({ query }: Request): AskedSeries {
  const { metric, kind, label = [] } = query
  if (typeof metric !== 'string' || metric === '')
    throw new RequestError(400, 'metric: give the name of one, such as metric=http.requests')
  if (kind !== undefined && !ITEM_KINDS.includes(kind as ItemKind))
    throw new RequestError(400, `kind: "${kind}" is none of ${ITEM_KINDS.join(', ')}`)
  const pairs = (Array.isArray(label) ? label : [label]).map(text => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(String(text)) ?? []
    if (name === undefined) throw new RequestError(400, `label: "${text}" is no name=value, such as label=plan=pro`)
    return [name, value] as const
  })
  return { metric, labels: new Map(pairs), kind: kind as ItemKind | undefined }
}

function watchSeconds({ query: { watch } }: Request): number {
  if (watch === undefined) return USUAL_WATCH_S
  const seconds = typeof watch === 'string' && watch !== '' ? Number(watch) : Number.NaN
  if (!(seconds >= 0 && seconds <= LONGEST_WATCH_S))
    throw new RequestError(400, `watch: "${watch}" is no number of seconds from 0 to ${LONGEST_WATCH_S}`)
  return seconds
}
