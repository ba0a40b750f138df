import { type Attributes, attributeText, NO_ATTRIBUTES } from '../../model/attributes.ts'
import type { SeriesContext } from '../../model/series-table/series-contexts.ts'
import { labelName } from './label-names.ts'
import { type Label, type LabelOptions, type Labels, seriesLabels, withLabels } from './labels.ts'

/** Names of attributes whose labels are kept. Names are few; a sender that makes them up must not fill memory. */
const MOST_NAMES = 10_000

export interface NumberLabelSet {
  readonly labels: Labels
  /**
   * True if each attribute has become a label by itself: other series of the context with attributes of these names have
   * the same labels, but for the values. A value that is no text or an empty one follows other rules.
   */
  readonly isPattern: boolean
}

/** The labels of series of numbers: those that all series of a context share are worked out once. */
export class NumberLabels {
  readonly #options: LabelOptions
  /** By name of the attribute. */
  readonly #names = new Map<string, string>()
  /** With `__name__`. */
  readonly #shared = new WeakMap<SeriesContext, Labels | undefined>()

  constructor(options: LabelOptions) {
    this.#options = options
  }

  /** @param name that of the Prometheus metric */
  of(attributes: Attributes, context: SeriesContext, name: string): NumberLabelSet {
    // The tenant of a store follows from an attribute of the series or of its resource.
    const labels = this.#options.tenants === undefined ? this.#apart(attributes, context, name) : undefined
    if (labels !== undefined) return { labels, isPattern: true }
    return { labels: withLabels(this.#labelsOf(attributes, context), ['__name__', name]), isPattern: false }
  }

  /** Undefined if two facts want one label: rules decide then. */
  #apart(attributes: Attributes, context: SeriesContext, name: string): Labels | undefined {
    if (!this.#shared.has(context)) this.#shared.set(context, this.#sharedOf(context, name))
    const shared = this.#shared.get(context)
    const own = shared && this.#sorted(attributes)
    return own && merged(own, shared)
  }

  /** Undefined if the scope has an empty attribute: that is no label, and yet takes the place of one. */
  #sharedOf(context: SeriesContext, name: string): Labels | undefined {
    if (context.scope.attributes.some(([, value]) => attributeText(value) === '')) return undefined
    return withLabels(this.#labelsOf(NO_ATTRIBUTES, context), ['__name__', name])
  }

  #labelsOf(attributes: Attributes, { resource, scope }: SeriesContext): Labels {
    return seriesLabels({ attributes, resource, scope }, this.#options)
  }

  /** By label name; undefined if two attributes have the same one, or one has none. */
  #sorted(attributes: Attributes): Label[] | undefined {
    const labels: Label[] = []
    for (const [key, value] of attributes) {
      const name = this.#nameOf(key)
      if (name === '') return undefined
      let at = labels.length
      while (at > 0 && labels[at - 1][0] > name) at--
      if (at > 0 && labels[at - 1][0] === name) return undefined
      labels.splice(at, 0, [name, attributeText(value)])
    }
    return labels
  }

  #nameOf(key: string): string {
    const known = this.#names.get(key)
    if (known !== undefined) return known
    if (this.#names.size >= MOST_NAMES) this.#names.clear()
    const name = labelName(key, this.#options.strategy)
    this.#names.set(key, name)
    return name
  }
}

/** Both lists as one, without empty labels; undefined if they have a name in common. */
function merged(own: Labels, shared: Labels): Labels | undefined {
  const labels: Label[] = []
  let next = 0
  for (const label of own) {
    while (next < shared.length && shared[next][0] < label[0]) labels.push(shared[next++])
    if (next < shared.length && shared[next][0] === label[0]) return undefined
    if (label[1] !== '') labels.push(label)
  }
  while (next < shared.length) labels.push(shared[next++])
  return labels
}
