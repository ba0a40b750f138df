import { type AggregationName, aggregationOf } from '../aggregations/index.ts'
import type { GroupKind } from '../groups/group-kind.ts'

const USUAL_TEMPLATE = '{name}'
const TEMPLATE_OF_AGGREGATIONS = '{name}.{aggregation}'

/** The names of a rule's output metrics. */
export class OutputNames {
  #template: string
  #isUsual: boolean

  /**
   * @param template with `{name}`, `{aggregation}`, `{window}`
   * @param isUsual true if the rule has the usual aggregations: then the main output has the metric's own name
   */
  constructor(template: string | undefined, isUsual: boolean) {
    this.#isUsual = isUsual
    this.#template = template ?? (isUsual ? USUAL_TEMPLATE : TEMPLATE_OF_AGGREGATIONS)
  }

  /** @param window its text, empty for totals */
  of(name: string, kind: GroupKind, aggregation: AggregationName, window: string): string {
    const isToldApart = !this.#isUsual || this.#template.includes('{aggregation}')
    const full = isToldApart ? name : name + aggregationOf(aggregation).usualSuffix(kind, name)
    return this.#template
      .replaceAll('{name}', () => full)
      .replaceAll('{aggregation}', aggregation)
      .replaceAll('{window}', window)
  }
}
