import type { Scope } from '../../../core/model/series.ts'
import { Labels, METRIC_NAME } from '../../../core/promql/labels.ts'
import { seriesLabels } from '../../../core/wire/prometheus/labels.ts'
import { metricKey } from './catalog.ts'
import { NAMING } from './naming.ts'
import { asIds, asList, asTexts, type ListColumn, type NativeColumns } from './native-reader.ts'

/** Parts of one sort that are remembered. Beyond it they are no longer shared with earlier ones. */
const MOST_SHARED = 50_000

/** Attributes as texts. */
export type Attributes = readonly (readonly [key: string, text: string])[]

/** A series as its row has it. */
export interface StoredSeries {
  readonly id: bigint
  /** See {@link metricKey}. */
  readonly metric: string
  readonly attributes: Attributes
  readonly resource: Attributes
  /** Without the metric's name. */
  readonly labels: Labels
  /** With names, by these: they are few. See {@link namedLabels}. */
  readonly named: Map<string, Labels>
}

const NO_ATTRIBUTES: Attributes = []
const TEXTS = ['name', 'kind', 'temporality', 'unit', 'scope_name', 'scope_version'] as const
const SHARED_MAPS = ['resource', 'scope_attributes'] as const
const COLUMNS = [
  'series_id',
  ...TEXTS.map(name => `CAST(any(s.${name}), 'String') AS ${name}`),
  ...['attributes', ...SHARED_MAPS].map(name => `any(s.${name}) AS ${name}`)
].join(', ')
const SHARED = [...TEXTS, ...SHARED_MAPS].join(', ')

/**
 * A query of SQL for the columns that {@link seriesOf} reads. What many series have in common comes once.
 * @param from what follows `FROM`: rows `s` of `series`, grouped by `series_id`
 */
export function seriesSql(from: string): string {
  return `SELECT ${SHARED}, groupArray(series_id) AS ids, groupArray(attributes) AS attributes_of
    FROM (SELECT ${COLUMNS} FROM ${from}) GROUP BY ${SHARED}`
}

/** The labels of a series under this name, the same object each time: its key is made once. */
export function namedLabels({ labels, named }: StoredSeries, name: string): Labels {
  let own = named.get(name)
  if (own === undefined) {
    own = labels.with([[METRIC_NAME, name]])
    named.set(name, own)
  }
  return own
}

/** Parts that many series have in common, so that each is in memory once. */
export class SharedParts {
  readonly #texts = new Map<string, string>()
  readonly #resources = new Map<string, Attributes>()

  text(text: string): string {
    return kept(this.#texts, text, text)
  }

  resource(resource: Attributes): Attributes {
    if (resource.length === 0) return NO_ATTRIBUTES
    return kept(this.#resources, JSON.stringify(resource), resource)
  }

  attributes(attributes: Attributes): Attributes {
    return attributes.map(([key, value]) => [this.text(key), this.text(value)] as const)
  }
}

/** @param hidden attributes that are no labels */
export function seriesOf(block: NativeColumns, shared: SharedParts, hidden: ReadonlySet<string>): StoredSeries[] {
  const { ends, items } = block.list('ids')
  const ids = asIds(items)
  const attributesOf = asList(block.list('attributes_of').items)
  const series: StoredSeries[] = []
  for (let row = 0; row < block.rows; row++) {
    const common = commonAt(block, row, shared)
    for (; series.length < ends[row]; ) {
      const at = series.length
      const own = pairsAt(attributesOf, at).filter(([key]) => !hidden.has(key))
      series.push(seriesWith(ids[at], shared.attributes(own), common, shared))
    }
  }
  return series
}

/** What the series of a row have in common. */
interface Common extends Pick<StoredSeries, 'metric' | 'resource'> {
  readonly scope: Scope
}

function commonAt(block: NativeColumns, row: number, shared: SharedParts): Common {
  const text = (column: (typeof TEXTS)[number]) => block.texts(column)[row]
  const map = (column: (typeof SHARED_MAPS)[number]) => pairsAt(block.list(column), row)
  const metric = metricKey({
    name: text('name'),
    kind: text('kind') as never,
    temporality: text('temporality') as never,
    unit: text('unit'),
    description: ''
  })
  const scope = {
    name: text('scope_name'),
    version: text('scope_version'),
    attributes: map('scope_attributes'),
    schemaUrl: ''
  }
  return { metric: shared.text(metric), resource: shared.resource(map('resource')), scope }
}

function seriesWith(
  id: bigint,
  attributes: Attributes,
  { metric, resource, scope }: Common,
  shared: SharedParts
): StoredSeries {
  const labels = seriesLabels({ attributes, resource: { attributes: resource, schemaUrl: '' }, scope }, NAMING)
  // Texts of attributes are shared already. Others were made for these labels.
  const own = Labels.of(areSame(labels, attributes) ? attributes : shared.attributes(labels))
  return { id, metric, attributes, resource, labels: own, named: new Map() }
}

function areSame(a: Attributes, b: Attributes): boolean {
  return a.length === b.length && a.every(([key, text], i) => key === b[i][0] && text === b[i][1])
}

function kept<T>(known: Map<string, T>, key: string, made: T): T {
  const found = known.get(key)
  if (found !== undefined) return found
  if (known.size >= MOST_SHARED) known.clear()
  known.set(key, made)
  return made
}

/** The entries of a map of texts. */
export function pairsAt({ ends, keys, items }: ListColumn, row: number): [string, string][] {
  const pairs: [string, string][] = []
  const names = asTexts(keys)
  const values = asTexts(items)
  for (let i = row === 0 ? 0 : ends[row - 1]; i < ends[row]; i++) pairs.push([names[i], values[i]])
  return pairs
}
