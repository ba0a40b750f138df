import { readAttributes } from '../../model/any-value.ts'
import { type Attributes, NO_ATTRIBUTES } from '../../model/attributes.ts'
import { type ItemFlaw, type ItemLimits, measureAll, measureAttributes, measureName } from '../../model/item-limits.ts'
import type { NewSeries } from '../../model/new-series.ts'
import { type Metric, NO_RESOURCE, NO_SCOPE, type Resource, type Scope } from '../../model/series.ts'
import type { KeyHash } from '../../model/series-table/key-hash.ts'
import { NO_PARENT } from '../../model/series-table/key-table.ts'
import { sharedBytes } from '../../model/shared-bytes.ts'
import { lengthTag, ProtobufReader } from '../protobuf/reader.ts'
import type { FieldSpan } from './field-span.ts'
import { FORM_COUNT, type Form } from './forms.ts'
import { InternTable } from './intern-table.ts'

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
// ResourceMetrics: resource 1, schema_url 3. Resource: attributes 1. ScopeMetrics: scope 1, schema_url 3.
// InstrumentationScope: name 1, version 2, attributes 3. Metric: name 1, description 2, unit 3.
export const RESOURCE = lengthTag(1)
export const SCOPE = lengthTag(1)
export const SCHEMA_URL = lengthTag(3)
export const METRIC_NAME = lengthTag(1)
export const METRIC_DESCRIPTION = lengthTag(2)
export const METRIC_UNIT = lengthTag(3)
const RESOURCE_ATTRIBUTES = lengthTag(1)
const SCOPE_NAME = lengthTag(1)
const SCOPE_VERSION = lengthTag(2)
const SCOPE_ATTRIBUTES = lengthTag(3)

/** Headers of each kind that are found by their bytes alone; twice as many at times. */
const CACHED_HEADERS = 16_384
/** Memory of one with its entry. If they take more, fewer are kept. */
const BYTES_PER_HEADER = { resource: 4096, scope: 2048, metric: 2048 }
const GENERATIONS = 2
// Times FORM_COUNT an id must stay below 2^31, and one body must never get beyond that.
const MAX_ID = 2 ** 27
const ROOT = 0
/** At most, with its share of tags and lengths. */
const BYTES_PER_CHARACTER = 8

/** Most bytes that the caches of headers hold. */
export const HEADER_CACHE_BYTES =
  Object.values(BYTES_PER_HEADER).reduce((sum, bytes) => sum + bytes, 0) * GENERATIONS * CACHED_HEADERS

interface Measured {
  /** In memory, without its parents. */
  readonly bytes: number
  /** Length of names and values so far, or the reason why there are too many. */
  readonly length: number | ItemFlaw
}
export interface ResourceNode extends Measured {
  readonly id: number
  readonly resource: Resource
}
export interface ScopeNode extends Measured {
  readonly id: number
  readonly resource: Resource
  readonly scope: Scope
}
export interface MetricNode extends Measured {
  readonly metric: Metric
  /** Its id in the series table; {@link NO_PARENT} if it cannot have series. */
  readonly context: number
}

/**
 * Maps the raw bytes of a point's surroundings to the context of its series, level by level: resource, scope, metric.
 * Strings are decoded only for bytes that were not seen lately.
 */
export class HeaderCache {
  #newSeries: NewSeries
  #nextId = ROOT + 1
  /** As they were when the caches were empty: ids of contexts are the same since. */
  #removedContexts: number
  #resources: InternTable<ResourceNode>
  #scopes: InternTable<ScopeNode>
  #metrics: InternTable<MetricNode>
  #limits: ItemLimits
  #mostBytes: number
  #replacedTexts = 0

  /** @param newSeries pays for headers that were not known */
  constructor(newSeries: NewSeries, limits: ItemLimits, hash?: KeyHash) {
    this.#limits = limits
    this.#mostBytes = mostIdentityBytes(limits)
    this.#newSeries = newSeries
    this.#removedContexts = newSeries.table.removedContexts
    const bounds = (bytes: number) => ({ entries: CACHED_HEADERS, bytes: CACHED_HEADERS * bytes })
    this.#resources = new InternTable<ResourceNode>(bounds(BYTES_PER_HEADER.resource), bytesOf, hash)
    this.#scopes = new InternTable<ScopeNode>(bounds(BYTES_PER_HEADER.scope), bytesOf, hash)
    this.#metrics = new InternTable<MetricNode>(bounds(BYTES_PER_HEADER.metric), bytesOf, hash)
  }

  /** To be called between bodies: ids of headers are never used twice, so all are forgotten before they run out. */
  renew(): void {
    const { removedContexts } = this.#newSeries.table
    if (this.#nextId < MAX_ID && this.#removedContexts === removedContexts) return
    for (const table of [this.#resources, this.#scopes, this.#metrics]) table.clear()
    this.#removedContexts = removedContexts
    this.#nextId = ROOT + 1
  }

  /** @param span the fields of a ResourceMetrics but for its scopes */
  resource(span: FieldSpan): ResourceNode {
    const known = this.#resources.find(ROOT, span.view, span.start, span.end)
    if (known !== undefined) return known
    if (this.#isTooLong(span)) return { ...this.#tooLong(), resource: NO_RESOURCE }
    const resource = this.#read(span, readResource)
    const bytes = this.#count(resource.attributes, resource.schemaUrl)
    const length = measureAttributes(resource.attributes, this.#limits)
    const node = { id: this.#nextId++, resource, length, bytes }
    this.#resources.put(ROOT, span.view, span.start, span.end, node)
    return node
  }

  /** @param span the fields of a ScopeMetrics but for its metrics */
  scope(parent: ResourceNode, span: FieldSpan): ScopeNode {
    const known = this.#scopes.find(parent.id, span.view, span.start, span.end)
    if (known !== undefined) return known
    const { resource } = parent
    if (this.#isTooLong(span)) return { ...this.#tooLong(), resource, scope: NO_SCOPE }
    const scope = this.#read(span, readScope)
    const bytes = this.#count(scope.attributes, scope.name, scope.version, scope.schemaUrl)
    const length = measureAll(this.#limits, parent.length, measureAttributes(scope.attributes, this.#limits))
    const node = { id: this.#nextId++, resource, scope, length, bytes }
    this.#scopes.put(parent.id, span.view, span.start, span.end, node)
    return node
  }

  /** @param span name, description and unit of a Metric */
  metric(parent: ScopeNode, form: Form, span: FieldSpan): MetricNode {
    const key = parent.id * FORM_COUNT + form.index
    const known = this.#metrics.find(key, span.view, span.start, span.end)
    if (known !== undefined) return known
    const metric = this.#read(span, reader => readMetric(reader, form))
    const bytes = this.#count(NO_ATTRIBUTES, metric.name, metric.unit, metric.description)
    const length = measureAll(this.#limits, parent.length, measureName(metric.name, this.#limits))
    // Without a name it has no points.
    const isRefused = typeof length === 'string' || metric.name === ''
    const context = isRefused ? NO_PARENT : this.#newSeries.table.contextOf(metric, parent.resource, parent.scope)
    const node = { metric, context, length, bytes }
    if (isRefused) return node
    this.#metrics.put(key, span.view, span.start, span.end, node)
    return node
  }

  /** Strings that were not UTF-8, of headers not seen lately, since this was asked last. */
  takeReplacedTexts(): number {
    const replaced = this.#replacedTexts
    this.#replacedTexts = 0
    return replaced
  }

  #read<T>(span: FieldSpan, read: (reader: ProtobufReader) => T): T {
    const reader = over(span)
    const value = read(reader)
    this.#replacedTexts += reader.replacedTexts
    return value
  }

  /** The memory of something that series share and that was not known. */
  #count(attributes: Attributes, ...texts: readonly string[]): number {
    const bytes = sharedBytes(attributes, ...texts)
    this.#newSeries.add(bytes)
    return bytes
  }

  #tooLong(): Measured & { readonly id: number } {
    return { id: this.#nextId++, length: 'identity_too_long', bytes: 0 }
  }

  /** Told by the bytes, so that nothing is made of them. */
  #isTooLong({ start, end }: FieldSpan): boolean {
    return end - start > this.#mostBytes
  }
}

/** Bytes that cannot be an identity within the limits. */
export const mostIdentityBytes = (limits: ItemLimits) => limits.max_identity_length * BYTES_PER_CHARACTER

const bytesOf = ({ bytes }: Measured) => bytes

/** @param span as for {@link HeaderCache.metric} */
export const readMetricName = (span: FieldSpan) => readTexts(over(span)).name

const over = (span: FieldSpan) => new ProtobufReader(span.bytes, span.start, span.end)

/** @param reader over the fields of a ResourceMetrics or ResourceLogs but for its scopes */
export function readResource(reader: ProtobufReader): Resource {
  let { attributes, schemaUrl } = NO_RESOURCE
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === RESOURCE) {
      const outer = reader.enter()
      attributes = readAttributes(reader, RESOURCE_ATTRIBUTES)
      reader.leave(outer)
    } else if (tag === SCHEMA_URL) schemaUrl = reader.text()
    else reader.skip(tag)
  }
  return { attributes, schemaUrl }
}

/** @param reader over the fields of a ScopeMetrics or ScopeLogs but for its items */
export function readScope(reader: ProtobufReader): Scope {
  let { schemaUrl, ...scope } = NO_SCOPE
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === SCOPE) scope = readInstrumentationScope(reader)
    else if (tag === SCHEMA_URL) schemaUrl = reader.text()
    else reader.skip(tag)
  }
  return { ...scope, schemaUrl }
}

function readInstrumentationScope(reader: ProtobufReader): Omit<Scope, 'schemaUrl'> {
  let { name, version } = NO_SCOPE
  const outer = reader.enter()
  const start = reader.at
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === SCOPE_NAME) name = reader.text()
    else if (tag === SCOPE_VERSION) version = reader.text()
    else reader.skip(tag)
  }
  reader.at = start
  const attributes = readAttributes(reader, SCOPE_ATTRIBUTES)
  reader.leave(outer)
  return { name, version, attributes }
}

function readMetric(reader: ProtobufReader, { kind, temporality }: Form): Metric {
  return { ...readTexts(reader), kind, temporality }
}

function readTexts(reader: ProtobufReader): { name: string; unit: string; description: string } {
  const texts = { name: '', unit: '', description: '' }
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === METRIC_NAME) texts.name = reader.text()
    else if (tag === METRIC_DESCRIPTION) texts.description = reader.text()
    else if (tag === METRIC_UNIT) texts.unit = reader.text()
    else reader.skip(tag)
  }
  return texts
}
