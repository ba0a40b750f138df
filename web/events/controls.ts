import type { Place } from '../app/place.ts'
import { button, element } from '../ui/dom.ts'
import { type Catalog, type EventsState, selectorOf } from './state.ts'

const PERIODS = ['1h', '1d', '7d', '30d']
const MOST_STEPS = 32
let lists = 0

/** What can be chosen for a question. Each choice goes to the URL. */
export class Controls {
  readonly root = element('div', { class: 'event-controls', role: 'group', 'aria-label': 'What is asked' })
  readonly #place: Place
  readonly #onChange: () => void
  /** What they were made of. */
  #shown = ''

  constructor(place: Place, onChange: () => void) {
    this.#place = place
    this.#onChange = onChange
  }

  show(state: EventsState, catalog: Catalog): void {
    const wanted = JSON.stringify([state, catalog])
    if (wanted === this.#shown) return
    // Somebody is writing or choosing in them. Only another number of steps needs other controls.
    const steps = this.root.querySelectorAll('.steps li').length
    const isBusy = this.root.contains(document.activeElement)
    if (isBusy && !(state.question === 'funnel' && steps !== state.steps.length)) return
    this.#shown = wanted
    this.root.replaceChildren(
      this.#choice('Event', 'event', ['', ...catalog.names], state.event, 'all events'),
      this.#text('Where', 'where', state.where, { hint: '{plan="pro"}' }),
      ...this.#own(state, catalog)
    )
    if (isBusy) this.root.querySelector<HTMLElement>('.steps li:last-child input')?.focus()
  }

  #own(state: EventsState, { names, attributes }: Catalog): HTMLElement[] {
    const { question, by, of, attribute, window, cohort, returning, period, periods } = state
    const selectors = names.map(selectorOf)
    const groupedBy = this.#choice('By', 'by', ['', '__name__', ...attributes], by, 'nothing')
    const actor = this.#choice('Of', 'of', attributes, of, 'no attribute')
    switch (question) {
      case 'counts':
        return [groupedBy]
      case 'uniques':
        return [actor, groupedBy]
      case 'top':
        return [this.#choice('Attribute', 'attribute', attributes, attribute, 'no attribute')]
      case 'funnel':
        return [actor, this.#text('Within', 'window', window, {}), groupedBy, this.#steps(state.steps, selectors)]
      case 'retention':
        return [
          actor,
          this.#text('Joined by', 'cohort', cohort, { options: selectors }),
          this.#text('Came back by', 'return', returning, { options: selectors }),
          this.#choice('Period', 'period', PERIODS, period, ''),
          this.#text('Periods', 'periods', String(periods), { type: 'number' })
        ]
      case 'latest':
        return []
    }
  }

  #steps(steps: readonly string[], selectors: readonly string[]): HTMLElement {
    const inputs = steps.map(step => inputOf(step, selectors))
    // Read when they are needed: these controls stay while somebody writes, and the steps change.
    const written = () => inputs.map(([{ value }]) => value.trim())
    const set = (all: readonly string[]) => this.#set('steps', JSON.stringify(all))
    const items = inputs.map(([input, list], i) => {
      input.setAttribute('aria-label', `Step ${i + 1}`)
      input.addEventListener('change', () => set(written()))
      const remove = button('Remove', () => set(written().toSpliced(i, 1)), { 'aria-label': `Remove step ${i + 1}` })
      return element('li', {}, input, list, steps.length > 2 && remove)
    })
    const add = button('Add step', () => set([...written(), selectors[0] ?? '']), {
      disabled: steps.length >= MOST_STEPS
    })
    return element('fieldset', { class: 'steps' }, element('legend', {}, 'Steps'), element('ol', {}, ...items), add)
  }

  #choice(label: string, key: string, values: readonly string[], chosen: string, none: string): HTMLElement {
    const options = values.includes(chosen) ? values : [...values, chosen]
    const select = element(
      'select',
      {},
      ...options.map(value =>
        element(
          'option',
          { value, selected: value === chosen },
          value === '' ? none : value === '__name__' ? 'name' : value
        )
      )
    )
    select.addEventListener('change', () => this.#set(key, select.value))
    return element('label', {}, label, select)
  }

  #text(
    label: string,
    key: string,
    value: string,
    { options = [], hint, type = 'text' }: { options?: readonly string[]; hint?: string; type?: string }
  ): HTMLElement {
    const [input, list] = inputOf(value, options)
    input.type = type
    if (hint !== undefined) input.placeholder = hint
    input.addEventListener('change', () => this.#set(key, input.value.trim()))
    return element('label', {}, label, input, list)
  }

  #set(key: string, value: string): void {
    this.#place.set({ [key]: value })
    this.#onChange()
  }
}

function inputOf(value: string, options: readonly string[]): [HTMLInputElement, HTMLDataListElement] {
  const id = `events-${lists++}`
  const input = element('input', { value, list: id, spellcheck: 'false', autocomplete: 'off' })
  return [input, element('datalist', { id }, ...options.map(option => element('option', { value: option })))]
}
