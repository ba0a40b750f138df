import { Labels, METRIC_NAME } from '../../../core/promql/labels.ts'
import { seriesLabels } from '../../../core/wire/prometheus/labels.ts'
import { metricKey } from './catalog.ts'
import { NAMING } from './naming.ts'
import { asTexts, type ListColumn, type NativeColumns } from './native-reader.ts'

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
const MAPS = ['attributes', 'resource', 'scope_attributes'] as const

/** Columns of a query of SQL over rows `s` of `series`, grouped by `series_id`: those that {@link seriesOf} reads. */
export const SERIES_COLUMNS = [
  'series_id',
  ...TEXTS.map(name => `CAST(any(s.${name}), 'String') AS ${name}`),
  ...MAPS.map(name => `any(s.${name}) AS ${name}`)
].join(', ')

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
  const ids = block.ids('series_id')
  const textAt = new Map(TEXTS.map(name => [name, block.texts(name)]))
  const mapAt = new Map(MAPS.map(name => [name, block.list(name)]))
  return Array.from({ length: block.rows }, (_, row) => {
    const text = (column: (typeof TEXTS)[number]) => textAt.get(column)![row]
    const map = (column: (typeof MAPS)[number]) => pairsAt(mapAt.get(column)!, row)
    return seriesAt(ids[row], text, map, shared, hidden)
  })
}

function seriesAt(
  id: bigint,
  text: (column: (typeof TEXTS)[number]) => string,
  map: (column: (typeof MAPS)[number]) => [string, string][],
  shared: SharedParts,
  hidden: ReadonlySet<string>
): StoredSeries {
  const metric = metricKey({
    name: text('name'),
    kind: text('kind') as never,
    temporality: text('temporality') as never,
    unit: text('unit'),
    description: ''
  })
  const attributes = shared.attributes(map('attributes').filter(([key]) => !hidden.has(key)))
  const resource = shared.resource(map('resource'))
  const scope = {
    name: text('scope_name'),
    version: text('scope_version'),
    attributes: map('scope_attributes'),
    schemaUrl: ''
  }
  const labels = seriesLabels({ attributes, resource: { attributes: resource, schemaUrl: '' }, scope }, NAMING)
  return {
    id,
    metric: shared.text(metric),
    attributes,
    resource,
    labels: Labels.of(shared.attributes(labels)),
    named: new Map()
  }
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
