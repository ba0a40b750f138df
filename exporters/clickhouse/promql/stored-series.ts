import { Labels } from '../../../core/promql/labels.ts'
import { seriesLabels } from '../../../core/wire/prometheus/labels.ts'
import { metricKey } from './catalog.ts'
import { NAMING } from './naming.ts'
import { asTexts, type ListColumn, type NativeColumns } from './native-reader.ts'

/** A series as its row has it. */
export interface StoredSeries {
  readonly id: bigint
  /** See {@link metricKey}. */
  readonly metric: string
  readonly attributes: ReadonlyMap<string, string>
  readonly resource: ReadonlyMap<string, string>
  /** Without the metric's name. */
  readonly labels: Labels
}

const TEXTS = ['name', 'kind', 'temporality', 'unit', 'scope_name', 'scope_version'] as const
const MAPS = ['attributes', 'resource', 'scope_attributes'] as const

/** Columns of a query of SQL over rows `s` of `series`, grouped by `series_id`: those that {@link seriesOf} reads. */
export const SERIES_COLUMNS = [
  'series_id',
  ...TEXTS.map(name => `CAST(any(s.${name}), 'String') AS ${name}`),
  ...MAPS.map(name => `any(s.${name}) AS ${name}`)
].join(', ')

/**
 * @param resources known so far, so that series share them
 * @param hidden attributes that are no labels
 */
export function seriesOf(
  block: NativeColumns,
  resources: Map<string, ReadonlyMap<string, string>>,
  hidden: ReadonlySet<string>
): StoredSeries[] {
  return Array.from({ length: block.rows }, (_, row) => seriesAt(block, row, resources, hidden))
}

function seriesAt(
  block: NativeColumns,
  row: number,
  resources: Map<string, ReadonlyMap<string, string>>,
  hidden: ReadonlySet<string>
): StoredSeries {
  const text = (column: (typeof TEXTS)[number]) => block.texts(column)[row]
  const map = (column: (typeof MAPS)[number]) => pairsAt(block.list(column), row)
  const metric = metricKey({
    name: text('name'),
    kind: text('kind') as never,
    temporality: text('temporality') as never,
    unit: text('unit'),
    description: ''
  })
  const attributes = map('attributes').filter(([key]) => !hidden.has(key))
  const resource = map('resource')
  const scope = {
    name: text('scope_name'),
    version: text('scope_version'),
    attributes: map('scope_attributes'),
    schemaUrl: ''
  }
  const labels = Labels.of(
    seriesLabels({ attributes, resource: { attributes: resource, schemaUrl: '' }, scope }, NAMING)
  )
  return {
    id: block.ids('series_id')[row],
    metric,
    attributes: new Map(attributes),
    resource: shared(resource, resources),
    labels
  }
}

function shared(
  resource: readonly (readonly [string, string])[],
  known: Map<string, ReadonlyMap<string, string>>
): ReadonlyMap<string, string> {
  const key = JSON.stringify(resource)
  let one = known.get(key)
  if (one === undefined) known.set(key, (one = new Map(resource)))
  return one
}

/** The entries of a map of texts. */
export function pairsAt({ ends, keys, items }: ListColumn, row: number): [string, string][] {
  const pairs: [string, string][] = []
  const names = asTexts(keys)
  const values = asTexts(items)
  for (let i = row === 0 ? 0 : ends[row - 1]; i < ends[row]; i++) pairs.push([names[i], values[i]])
  return pairs
}
