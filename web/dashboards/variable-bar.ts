import type { Variable } from '../../core/admin/dashboards/dashboard.ts'
import { fillIn, fillInPromql, isMultiple, type VariableValues } from '../../core/admin/dashboards/variables.ts'
import type { Place } from '../app/place.ts'
import { ask, gridOf, labelNames, labelValues } from '../app/promql.ts'
import { element } from '../ui/dom.ts'
import { multipleChoice } from './multiple-choice.ts'

const MOST_VALUES = 1000
/** Before the name of a variable in the URL. */
const PREFIX = 'var-'

/** s since 1970 */
interface Range {
  readonly from: number
  readonly to: number
}

/** Chooses the values of variables, and keeps them in the URL. */
export class VariableBar {
  readonly root = element('div', { class: 'variables', role: 'group', 'aria-label': 'Variables' })
  readonly #variables: readonly Variable[]
  readonly #place: Place
  readonly #onChange: () => void
  #values = new Map<string, string | readonly string[]>()

  constructor(variables: readonly Variable[], place: Place, onChange: () => void) {
    this.#variables = variables
    this.#place = place
    this.#onChange = onChange
    this.root.hidden = variables.length === 0
  }

  /** Those that have one, once {@link load} has asked. */
  get values(): VariableValues {
    return this.#values
  }

  /** False while some variable has nothing to choose. */
  get isComplete(): boolean {
    return this.#variables.every(({ name }) => (this.#values.get(name) ?? '') !== '')
  }

  /** Asks for all values, each variable with those before it, and shows them. Rejects if they cannot be had. */
  async load(range: Range, signal: AbortSignal): Promise<void> {
    const values = new Map<string, string | readonly string[]>()
    const wanted: HTMLElement[] = []
    for (const variable of this.#variables) {
      // A variable whose match refers to one that has no value has none either.
      const known = await valuesOf(variable, values, range, signal).catch(error => {
        if (error?.variable === undefined) throw error
        return []
      })
      const chosen = this.#chosen(variable, known)
      if (chosen !== undefined) values.set(variable.name, chosen)
      wanted.push(this.#controlOf(variable, known, chosen))
    }
    if (signal.aborted) return
    this.#values = values
    // One that the user is in stays, with what is open in it.
    const present = [...this.root.children]
    for (const [i, control] of wanted.entries()) {
      if (present[i] === undefined) this.root.append(control)
      else if (!present[i].contains(document.activeElement)) present[i].replaceWith(control)
    }
  }

  #chosen(variable: Variable, known: readonly string[]): string | readonly string[] | undefined {
    const inUrl = this.#place.get(PREFIX + variable.name)
    if (isMultiple(variable)) return inUrl === undefined ? [] : listOf(inUrl)
    const none = variable.kind === 'label_names' || variable.kind === 'event_attributes' ? '' : undefined
    return inUrl ?? variable.default ?? known[0] ?? none
  }

  #controlOf(
    variable: Variable,
    known: readonly string[],
    chosen: string | readonly string[] | undefined
  ): HTMLElement {
    const { name, title = name } = variable
    if (typeof chosen === 'object')
      return multipleChoice(title, [...new Set([...chosen, ...known])], chosen, values => this.#choose(name, values))
    const options = [...new Set(chosen === undefined || chosen === '' ? known : [...known, chosen])]
    const select = element(
      'select',
      {},
      ...options.map(value => element('option', { value, selected: value === chosen }, value))
    )
    if (options.length === 0) select.append(element('option', { value: '' }, 'nothing to choose'))
    select.addEventListener('change', () => this.#choose(name, select.value))
    return element('label', {}, title, select)
  }

  #choose(name: string, value: string | readonly string[]): void {
    const text = typeof value === 'string' ? value : value.length === 0 ? undefined : JSON.stringify(value)
    this.#place.set({ [PREFIX + name]: text })
    this.#onChange()
  }
}

async function valuesOf(
  variable: Variable,
  values: VariableValues,
  { from, to }: Range,
  signal: AbortSignal
): Promise<readonly string[]> {
  const series = (match: string | undefined) => ({
    grid: gridOf(from, to),
    limit: MOST_VALUES,
    matchers: match === undefined ? [] : [fillInPromql(match, values)]
  })
  const times = { start: String(from), end: String(to) }
  switch (variable.kind) {
    case 'fixed':
      return variable.values
    case 'label':
      return labelValues(variable.label, series(variable.match), signal)
    case 'label_names':
      return (await labelNames(series(variable.match), signal)).filter(name => name !== '__name__')
    case 'event_names':
      return (await ask<{ names: readonly Named[] }>('events/names', times, signal)).data.names.map(nameOf)
    case 'event_attributes':
      return (await ask<{ attributes: readonly Named[] }>('events/attributes', times, signal)).data.attributes.map(
        nameOf
      )
    case 'event_values': {
      const parameters = { ...times, of: fillIn(variable.of, values), limit: String(MOST_VALUES) }
      const { data } = await ask<{ values: readonly { value: string }[] }>('events/top', parameters, signal)
      return data.values.map(({ value }) => value)
    }
  }
}

interface Named {
  readonly name: string
}

const nameOf = ({ name }: Named) => name

/** Several values in the URL are a list as JSON. */
function listOf(text: string): readonly string[] {
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? list.map(String) : [text]
  } catch {
    return [text]
  }
}
