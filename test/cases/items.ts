import { dump, load } from 'js-yaml'
import { parseDuration } from '../../core/schema/units.ts'
import {
  type Attributes,
  type AttributeValue,
  type Block,
  type Distribution,
  type EventBlock,
  FLAG_NO_RECORDED_VALUE,
  type Metric,
  type MetricKind,
  type PointBlock,
  PointBlockBuilder,
  type SeriesTable,
  sortAttributes,
  type Temporality
} from '../../sdk/plugin/index.ts'

/** What cases call 0s, Unix ms: midnight, so that windows of any size begin there. */
export const EPOCH = 1_700_006_400_000

type Fields = Readonly<Record<string, AttributeValue>>

/** One line of a case, taken apart. */
interface Item {
  readonly time: number
  readonly kind: MetricKind | 'event'
  readonly temporality: Temporality
  readonly name: string
  readonly attributes: Attributes
  /** Undefined where the series has ended. */
  readonly value: number | Distribution | undefined
  /** `start`, `unit`, `resource`, `id`. */
  readonly more: ReadonlyMap<string, string>
}

const KIND_OF_FIELDS = ['histogram', 'exponential_histogram', 'summary', 'set']

/** One block of `lines`, which must all be points or all be events. */
export function parseItems(lines: readonly string[], series: SeriesTable): Block {
  const items = lines.map(parseItem)
  const events = items.filter(({ kind }) => kind === 'event')
  if (events.length === items.length) return eventsOf(events)
  if (events.length > 0) throw new Error(`points and events in one batch: ${lines.join('; ')}`)
  return pointsOf(items, series)
}

/** The lines of `block`, as {@link parseItems} reads them. */
export function printItems(block: Block): string[] {
  return Array.from({ length: block.length }, (_, i) =>
    block.type === 'events' ? printEvent(block, i) : printPoint(block, i)
  )
}

/** `1.5s` or `-2m` → Unix ms. */
export function parseTime(text: string): number {
  return EPOCH + (text.startsWith('-') ? -parseDuration(text.slice(1)) : parseDuration(text))
}

export const printTime = (ms: number) => `${(ms - EPOCH) / 1000}s`

function parseItem(line: string): Item {
  const words = wordsOf(line)
  const time = parseTime(words.shift()!)
  const kind = words.shift() as Item['kind']
  const hasTemporality = words[0] === 'delta' || words[0] === 'cumulative'
  const temporality = hasTemporality ? (words.shift() as Temporality) : 'unspecified'
  const name = words.shift()
  if (name === undefined) throw new Error(`a line is "time kind temporality name …", not "${line}"`)
  const takesFields = KIND_OF_FIELDS.includes(kind)
  const fields = words.filter(word => word.startsWith('{'))
  const attributes = fields.length > (takesFields ? 1 : 0) ? attributesOf(fields[0]) : []
  const more = words.filter(word => /^\w+=/.test(word)).map(word => word.split(/=(.*)/s, 2) as [string, string])
  const number = words.find(word => !word.startsWith('{') && !/^\w+=/.test(word))
  const value =
    number === 'ended' ? undefined : takesFields ? distributionOf(kind, fields.at(-1)!) : Number(number ?? 1)
  return { time, kind, temporality, name, attributes, value, more: new Map(more) }
}

/** Words apart from each other; what is within braces or quotes is one. */
function wordsOf(line: string): string[] {
  return line.match(/(?:[^\s{"]|\{(?:"[^"]*"|'[^']*'|\{[^}]*\}|[^}])*\}|"[^"]*")+/g) ?? []
}

const attributesOf = (text: string): Attributes => sortAttributes(Object.entries(load(text) as Fields))

function distributionOf(kind: string, text: string): Distribution {
  const empty: Record<string, object> = {
    histogram: { sum: Number.NaN, min: Number.NaN, max: Number.NaN, bounds: [], counts: [] },
    exponential_histogram: {
      sum: Number.NaN,
      min: Number.NaN,
      max: Number.NaN,
      zeroCount: 0,
      zeroThreshold: 0,
      positive: { offset: 0, counts: [] },
      negative: { offset: 0, counts: [] }
    }
  }
  const given = load(text) as object
  // First those given, so that they are printed in the order they were written.
  return { kind, ...given, ...empty[kind], ...given } as Distribution
}

function pointsOf(items: readonly Item[], series: SeriesTable): PointBlock {
  const builder = new PointBlockBuilder()
  for (const { time, kind, temporality, name, attributes, value, more } of items) {
    const metric: Metric = {
      name,
      unit: more.get('unit') ?? '',
      description: '',
      kind: kind as MetricKind,
      temporality
    }
    const resource = { attributes: attributesOf(more.get('resource') ?? '{}'), schemaUrl: '' }
    const own = series.intern(metric, attributes, resource)
    const start = more.has('start') ? parseTime(more.get('start')!) : 0
    if (value === undefined) builder.add(own, time, Number.NaN, start, FLAG_NO_RECORDED_VALUE)
    else if (typeof value === 'number') builder.add(own, time, value, start)
    else builder.addDistribution(own, time, value, start)
  }
  return builder.build()
}

function eventsOf(items: readonly Item[]): EventBlock {
  return {
    type: 'events',
    length: items.length,
    time: Float64Array.from(items, ({ time }) => time),
    name: items.map(({ name }) => name),
    id: items.map(({ more }) => more.get('id')),
    attributes: items.map(({ attributes }) => attributes),
    value: Float64Array.from(items, ({ value }) => value as number)
  }
}

function printPoint({ series, time, start, value, flags, distributions }: PointBlock, i: number): string {
  const { metric, attributes, resource } = series.at(i)
  const distribution = distributions.get(i)
  const isEnded = (flags[i] & FLAG_NO_RECORDED_VALUE) !== 0
  return line(
    printTime(time[i]),
    metric.kind,
    metric.temporality === 'unspecified' ? '' : metric.temporality,
    metric.name,
    printFields(Object.fromEntries(attributes)),
    isEnded ? 'ended' : distribution === undefined ? String(value[i]) : printDistribution(distribution),
    start[i] === 0 ? '' : `start=${printTime(start[i])}`,
    metric.unit === '' ? '' : `unit=${metric.unit}`,
    resource.attributes.length === 0 ? '' : `resource=${printFields(Object.fromEntries(resource.attributes))}`
  )
}

function printEvent({ time, name, id, attributes, value }: EventBlock, i: number): string {
  const fields = printFields(Object.fromEntries(attributes[i]))
  return line(printTime(time[i]), 'event', name[i], fields, String(value[i]), id[i] === undefined ? '' : `id=${id[i]}`)
}

/** Without what is known by the kind, or not at all; of a sketch its number alone. */
function printDistribution(distribution: Distribution): string {
  if (distribution.kind === 'distinct') return printFields({ count: distribution.count })
  const { kind: _, ...fields } = distribution
  const isSaid = ([, value]: [string, unknown]) => !(Number.isNaN(value) || isEmpty(value))
  return printFields(Object.fromEntries(Object.entries(fields).filter(isSaid)))
}

const isEmpty = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.length === 0
    : typeof value === 'object' && isEmpty((value as { counts: unknown }).counts)

const printFields = (fields: object): string =>
  Object.keys(fields).length === 0 ? '' : dump(fields, { flowLevel: 0, lineWidth: -1 }).trimEnd()
const line = (...words: string[]): string => words.filter(word => word !== '').join(' ')
