import { checkDepth, mapValue } from '../../model/any-value.ts'
import { type Attribute, type Attributes, type AttributeValue, sortAttributes } from '../../model/attributes.ts'
import type { ExponentialBuckets, ExponentialHistogram, Histogram, Summary } from '../../model/distribution.ts'
import { NO_SCOPE, type Scope } from '../../model/series.ts'
import type { Exemplar } from './exemplar-events.ts'
import { INT32, INT64, type JsonFields, type JsonObject } from './json-fields.ts'
import { unixMs } from './time.ts'

export function jsonAttributes(fields: JsonFields, parent: JsonObject, key = 'attributes'): Attributes {
  return sortAttributes(keyValues(fields, parent, key, 0))
}

export function jsonExemplar(fields: JsonFields, exemplar: JsonObject): Exemplar {
  return {
    time: jsonTime(fields, exemplar, 'timeUnixNano'),
    value: jsonNumber(fields, exemplar) ?? 0,
    traceId: fields.text(exemplar, 'traceId').toLowerCase(),
    spanId: fields.text(exemplar, 'spanId').toLowerCase(),
    attributes: jsonAttributes(fields, exemplar, 'filteredAttributes')
  }
}

/** The scope of a ScopeMetrics or ScopeLogs. */
export function jsonScope(fields: JsonFields, parent: JsonObject): Scope {
  const scope = fields.within(parent, 'scope', scope => ({
    name: fields.text(scope, 'name'),
    version: fields.text(scope, 'version'),
    attributes: jsonAttributes(fields, scope)
  }))
  return { ...NO_SCOPE, ...scope, schemaUrl: fields.text(parent, 'schemaUrl') }
}

/** Unix ms; 0 if not given. */
export function jsonTime(fields: JsonFields, point: JsonObject, key: string): number {
  return unixMs(...fields.halves(point, key))
}

/** The value of a NumberDataPoint; undefined if it has none. */
export function jsonNumber(fields: JsonFields, point: JsonObject): number | undefined {
  if ((point.asInt ?? undefined) !== undefined) return Number(fields.integer(point, 'asInt', INT64))
  return (point.asDouble ?? undefined) === undefined ? undefined : fields.double(point, 'asDouble', 0)
}

export function jsonHistogram(fields: JsonFields, point: JsonObject): Histogram {
  return {
    kind: 'histogram',
    count: count(fields, point, 'count'),
    ...extremes(fields, point),
    bounds: fields.list(point, 'explicitBounds', (list, i) => fields.double(list, i, Number.NaN)),
    counts: counts(fields, point)
  }
}

export function jsonExponentialHistogram(fields: JsonFields, point: JsonObject): ExponentialHistogram {
  return {
    kind: 'exponential_histogram',
    count: count(fields, point, 'count'),
    ...extremes(fields, point),
    scale: Number(fields.integer(point, 'scale', INT32)),
    zeroCount: count(fields, point, 'zeroCount'),
    zeroThreshold: fields.double(point, 'zeroThreshold', 0),
    positive: buckets(fields, point, 'positive'),
    negative: buckets(fields, point, 'negative')
  }
}

export function jsonSummary(fields: JsonFields, point: JsonObject): Summary {
  const quantiles: { quantile: number; value: number }[] = []
  fields.each(point, 'quantileValues', item =>
    quantiles.push({ quantile: fields.double(item, 'quantile', 0), value: fields.double(item, 'value', 0) })
  )
  return { kind: 'summary', count: count(fields, point, 'count'), sum: fields.double(point, 'sum', 0), quantiles }
}

function keyValues(fields: JsonFields, parent: JsonObject, key: string, depth: number): Attribute[] {
  const pairs: Attribute[] = []
  fields.each(parent, key, pair => pairs.push(jsonKeyValue(fields, pair, depth)))
  return pairs
}

export function jsonKeyValue(fields: JsonFields, pair: JsonObject, depth: number): Attribute {
  const value = fields.within(pair, 'value', value => jsonAnyValue(fields, value, depth))
  return [fields.text(pair, 'key'), value ?? null]
}

/** @param depth how deep `value` is nested in others */
export function jsonAnyValue(fields: JsonFields, value: JsonObject, depth: number): AttributeValue {
  checkDepth(depth, () => fields.path)
  const has = (key: string) => (value[key] ?? undefined) !== undefined
  if (has('stringValue')) return fields.text(value, 'stringValue')
  if (has('boolValue')) return fields.boolean(value, 'boolValue')
  if (has('intValue')) return fields.integer(value, 'intValue', INT64)
  if (has('doubleValue')) return fields.double(value, 'doubleValue', 0)
  if (has('bytesValue')) return fields.bytes(value, 'bytesValue')
  const map = fields.within(value, 'kvlistValue', list => mapValue(keyValues(fields, list, 'values', depth + 1)))
  if (map !== undefined) return map
  const items: AttributeValue[] = []
  const array = fields.within(value, 'arrayValue', list => {
    fields.each(list, 'values', item => items.push(jsonAnyValue(fields, item, depth + 1)))
    return items
  })
  return array ?? null
}

function extremes(fields: JsonFields, point: JsonObject): { sum: number; min: number; max: number } {
  const unknown = Number.NaN
  return {
    sum: fields.double(point, 'sum', unknown),
    min: fields.double(point, 'min', unknown),
    max: fields.double(point, 'max', unknown)
  }
}

function buckets(fields: JsonFields, point: JsonObject, key: string): ExponentialBuckets {
  return (
    fields.within(point, key, value => ({
      offset: Number(fields.integer(value, 'offset', INT32)),
      counts: counts(fields, value)
    })) ?? { offset: 0, counts: [] }
  )
}

function counts(fields: JsonFields, holder: JsonObject): number[] {
  return fields.list(holder, 'bucketCounts', (list, i) => count(fields, list, i))
}

function count(fields: JsonFields, holder: JsonObject, key: string): number {
  const [low, high] = fields.halves(holder, key)
  return high * 2 ** 32 + low
}
