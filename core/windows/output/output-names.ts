import type { Aggregation } from '../aggregations/aggregation.ts'
import type { GroupKind } from '../groups/groups.ts'

const USUAL_TEMPLATE = '{name}'
const TEMPLATE_OF_AGGREGATIONS = '{name}.{aggregation}'

/** What the metrics a rule makes are called. */
export class OutputNames {
  #template: string
  #isUsual: boolean

  /**
   * @param template with `{name}`, `{aggregation}`, `{window}`
   * @param isUsual whether the rule does what each kind is made for: then the main output has the metric's own name
   */
  constructor(template: string | undefined, isUsual: boolean) {
    this.#isUsual = isUsual
    this.#template = template ?? (isUsual ? USUAL_TEMPLATE : TEMPLATE_OF_AGGREGATIONS)
  }

  /** @param window its text, empty for totals */
  of(name: string, kind: GroupKind, aggregation: Aggregation, window: string): string {
    const isToldApart = !this.#isUsual || this.#template.includes('{aggregation}')
    const full = isToldApart ? name : name + usualSuffix(name, kind, aggregation)
    return this.#template
      .replaceAll('{name}', () => full)
      .replaceAll('{aggregation}', aggregation)
      .replaceAll('{window}', window)
  }
}

function usualSuffix(name: string, kind: GroupKind, aggregation: Aggregation): string {
  if (kind === 'event' && aggregation === 'sum') return '.sum'
  if (kind === 'gauge' && aggregation !== 'last') return `.${aggregation}`
  // A sketch that a window has sent has it already.
  return kind === 'set' && !name.endsWith('.unique') ? '.unique' : ''
}
