import { type Attributes, attributeText, findAttribute } from '../../model/attributes.ts'
import type { Resource, Scope } from '../../model/series.ts'
import type { Series } from '../../model/series-table/series-table.ts'
import { TENANT } from '../../model/tenant.ts'
import { labelName } from './label-names.ts'
import type { TranslationStrategy } from './translation-strategy.ts'

/** Sorted by name, names unique, no value empty. */
export type Labels = readonly Label[]
export type Label = readonly [name: string, value: string]

export interface LabelOptions {
  readonly strategy: TranslationStrategy
  /** Added to series without such a label of their own. */
  readonly externalLabels: Readonly<Record<string, string>>
  /** Keys of resource attributes that become labels of every series. */
  readonly promoteResourceAttributes: readonly string[]
  /** By the name of a tenant: labels by which a store of several tenants knows its own. No series has others of these. */
  readonly tenants?: ReadonlyMap<string, Labels> | undefined
}

/** Labels by which VictoriaMetrics takes the tenant of a series. */
export const ACCOUNT_LABEL = 'vm_account_id'
export const PROJECT_LABEL = 'vm_project_id'

// Attributes that `job` and `instance` say already.
const IDENTIFYING = new Set(['service.namespace', 'service.name', 'service.instance.id'])

// Attributes of a scope that would take these names are left out, as the specification has it.
const OF_SCOPE = new Set(['otel_scope_name', 'otel_scope_version', 'otel_scope_schema_url'])

/** The labels of a series, without `__name__`. */
export function seriesLabels(series: Pick<Series, 'attributes' | 'resource' | 'scope'>, options: LabelOptions): Labels {
  const labels = new Map<string, string>()
  addAttributes(labels, series.attributes, options.strategy)
  for (const key of [TENANT, ...options.promoteResourceAttributes]) {
    const value = findAttribute(series.resource.attributes, key)
    const name = labelName(key, options.strategy)
    if (value !== undefined && !labels.has(name)) labels.set(name, attributeText(value))
  }
  addScope(labels, series.scope, options.strategy)
  addTarget(labels, series.resource)
  return finish(labels, options)
}

/**
 * The labels of a resource's `target_info`. Undefined if the resource identifies no target or says no more than that.
 */
export function targetInfoLabels(resource: Resource, options: LabelOptions): Labels | undefined {
  const rest = resource.attributes.filter(([key]) => !IDENTIFYING.has(key))
  const labels = new Map<string, string>()
  addAttributes(labels, rest, options.strategy)
  return rest.length > 0 && addTarget(labels, resource) ? finish(labels, options) : undefined
}

/** `labels` and more; a label given here replaces one of that name. */
export function withLabels(labels: Labels, ...more: readonly Label[]): Labels {
  const names = new Set(more.map(([name]) => name))
  return [...labels.filter(([name]) => !names.has(name)), ...more].sort(byName)
}

// Attributes are sorted by key, so values that share a label are joined in that order, as the specification has it.
function addAttributes(labels: Map<string, string>, attributes: Attributes, strategy: TranslationStrategy): void {
  for (const [key, value] of attributes) {
    const name = labelName(key, strategy)
    const other = labels.get(name)
    const text = attributeText(value)
    labels.set(name, other === undefined ? text : `${other};${text}`)
  }
}

function addScope(labels: Map<string, string>, scope: Scope, strategy: TranslationStrategy): void {
  if (scope.name !== '') labels.set('otel_scope_name', scope.name)
  if (scope.version !== '') labels.set('otel_scope_version', scope.version)
  if (scope.schemaUrl !== '') labels.set('otel_scope_schema_url', scope.schemaUrl)
  for (const [key, value] of scope.attributes) {
    const name = labelName(`otel_scope_${key}`, strategy)
    if (!OF_SCOPE.has(name)) labels.set(name, attributeText(value))
  }
}

/** True if the resource identifies a target. */
function addTarget(labels: Map<string, string>, { attributes }: Resource): boolean {
  if (attributes.length === 0) return false
  const [namespace, name, instance] = [...IDENTIFYING].map(key => attributeText(findAttribute(attributes, key) ?? null))
  if (name !== '') labels.set('job', namespace === '' ? name : `${namespace}/${name}`)
  if (instance !== '') labels.set('instance', instance)
  return name !== '' || instance !== ''
}

function finish(labels: Map<string, string>, { externalLabels, tenants, strategy }: LabelOptions): Labels {
  if (tenants !== undefined) {
    // A sender cannot name the tenant of the store by attributes of its own.
    for (const name of [ACCOUNT_LABEL, PROJECT_LABEL]) labels.delete(name)
    const own = tenants.get(labels.get(labelName(TENANT, strategy)) ?? '') ?? []
    for (const [name, value] of own) labels.set(name, value)
  }
  for (const [name, value] of Object.entries(externalLabels)) if (!labels.get(name)) labels.set(name, value)
  // To Prometheus an empty label is one that is not there.
  const kept: Label[] = []
  let isSorted = true
  for (const label of labels) {
    if (label[0] === '' || label[1] === '') continue
    isSorted &&= kept.length === 0 || byName(kept[kept.length - 1], label) < 0
    kept.push(label)
  }
  // Attributes are, and so are most labels.
  return isSorted ? kept : kept.sort(byName)
}

const byName = (a: Label, b: Label) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)
