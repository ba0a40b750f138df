import { type Labels, METRIC_NAME } from '../../../core/promql/labels.ts'
import type { Matcher } from '../../../core/promql/matcher.ts'
import { labelName } from '../../../core/wire/prometheus/label-names.ts'
import { FORM_LABELS } from './forms.ts'
import { NAMING } from './naming.ts'
import { quoted } from './sql-text.ts'
import type { Attributes, StoredSeries } from './stored-series.ts'

/** The condition that all rows meet. */
export const EVERYTHING = '1'
/** Attributes whose labels share a name are one label, with this between the values. */
const JOINER = ';'
const TARGET_ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['job', 'service.name'],
  ['instance', 'service.instance.id']
])
/** Labels that are no attributes in some forms. */
const GENERATED = new Set(Object.values(FORM_LABELS))

/**
 * The matchers of one selector. Those whose name no label can have, such as `http.route`, are for the attribute of that
 * name: the point's own, or else its resource's.
 */
export class Selector {
  readonly matchers: readonly Matcher[]
  readonly #ofLabels: readonly Matcher[]
  readonly #ofAttributes: readonly Matcher[]

  constructor(matchers: readonly Matcher[]) {
    this.matchers = matchers
    const others = matchers.filter(({ name }) => name !== METRIC_NAME)
    const isLabel = ({ name }: Matcher) => labelName(name, NAMING.strategy) === name
    this.#ofLabels = others.filter(isLabel)
    this.#ofAttributes = others.filter(matcher => !isLabel(matcher))
  }

  /** @param generated the label that is not among `labels` yet, for {@link matchesLabel} */
  matches(
    { attributes, resource }: Pick<StoredSeries, 'attributes' | 'resource'>,
    labels: Labels,
    generated: string | undefined
  ): boolean {
    for (const matcher of this.#ofLabels)
      if (matcher.name !== generated && !matcher.matches(labels.get(matcher.name))) return false
    for (const matcher of this.#ofAttributes)
      if (!matcher.matches(valueIn(attributes, matcher.name) ?? valueIn(resource, matcher.name) ?? '')) return false
    return true
  }

  /** True if a label may have this value. */
  matchesLabel(label: string, value: string): boolean {
    return this.#ofLabels.every(matcher => matcher.name !== label || matcher.matches(value))
  }

  /** A condition of SQL on rows of series, which all that match meet, and maybe others. */
  prefilter(): string {
    const conditions: string[] = []
    for (const { name, op, value } of this.#ofLabels)
      if (op === '=' && value !== '' && !value.includes(JOINER) && !GENERATED.has(name))
        conditions.push(hasValue(name, value))
    for (const { name, op, value } of this.#ofAttributes)
      if (op === '=' && value !== '')
        conditions.push(
          `(attributes[${quoted(name)}] = ${quoted(value)} OR resource[${quoted(name)}] = ${quoted(value)})`
        )
    return conditions.length === 0 ? EVERYTHING : conditions.join(' AND ')
  }
}

function valueIn(attributes: Attributes, name: string): string | undefined {
  for (const [key, value] of attributes) if (key === name) return value
  return undefined
}

/** Nobody can tell the attribute by the name of its label, so any attribute may have the value. */
function hasValue(label: string, value: string): string {
  const text = quoted(value)
  const target = TARGET_ATTRIBUTES.get(label)
  const isTarget = target === undefined ? '0' : `endsWith(${text}, resource[${quoted(target)}])`
  return `(has(mapValues(attributes), ${text}) OR has(mapValues(resource), ${text}) OR has(mapValues(scope_attributes), ${text})
    OR scope_name = ${text} OR scope_version = ${text} OR ${isTarget})`
}
