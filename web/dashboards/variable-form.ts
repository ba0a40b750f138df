import type { Variable } from '../../core/admin/dashboards/dashboard.ts'
import { button, element } from '../ui/dom.ts'
import { choice, type Field, Fields } from './fields.ts'
import { moved } from './moved.ts'

const KINDS = ['label', 'fixed', 'label_names', 'event_names', 'event_attributes', 'event_values'] as const
type Kind = (typeof KINDS)[number]

const ABOUT: readonly Field[] = [
  { key: 'name', label: 'Name, for $name', type: 'text', required: true, hint: 'plan' },
  { key: 'title', label: 'Title', type: 'text' }
]
const DEFAULT: Field = { key: 'default', label: 'Value until one is chosen', type: 'text' }
const MATCH: Field = { key: 'match', label: 'Selector of the series', type: 'text', hint: 'signup_total' }
const MULTIPLE: Field = {
  key: 'multiple',
  label: 'Several values may be chosen, and none stands for all',
  type: 'flag'
}

/** Fields that only some kinds have. */
const OWN: Readonly<Record<Kind, readonly Field[]>> = {
  label: [{ key: 'label', label: 'Label', type: 'text', required: true, hint: 'plan' }, MATCH, MULTIPLE],
  fixed: [{ key: 'values', label: 'Values, one a line', type: 'lines', required: true }],
  label_names: [MATCH],
  event_names: [],
  event_attributes: [],
  event_values: [{ key: 'of', label: 'Attribute of events', type: 'text', required: true, hint: 'plan' }, MULTIPLE]
}

/** A dialog with the variables of a dashboard. @param apply gets all of them as they were made */
export function editVariables(present: readonly Variable[], apply: (variables: readonly Variable[]) => void): void {
  const list = new VariableList(present)
  const dialog = element('dialog', { class: 'panel-form', 'aria-label': 'Variables' })
  const buttons = element(
    'div',
    { class: 'buttons' },
    element('button', { class: 'primary' }, 'Apply'),
    button('Cancel', () => dialog.close())
  )
  const note = element('p', { class: 'note' }, 'A variable may refer to those before it.')
  const body = element('form', { method: 'dialog' }, element('h2', {}, 'Variables'), note, list.root, buttons)
  body.addEventListener('submit', () => apply(list.variables))
  dialog.append(body)
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
}

class VariableList {
  readonly root: HTMLElement
  readonly #list = element('ol', { class: 'queries' })
  #forms: readonly VariableForm[]

  constructor(variables: readonly Variable[]) {
    this.#forms = variables.map(variable => this.#formOf(variable))
    const add = button('Add variable', () =>
      this.#set([...this.#forms, this.#formOf({ kind: 'label', name: '', label: '' })])
    )
    this.root = element('div', {}, this.#list, add)
    this.#set(this.#forms)
  }

  get variables(): readonly Variable[] {
    return this.#forms.map(({ variable }) => variable)
  }

  #formOf(variable: Variable): VariableForm {
    const form: VariableForm = new VariableForm(variable, {
      move: by => this.#set(moved(this.#forms, this.#forms.indexOf(form), by)),
      remove: () => this.#set(this.#forms.filter(other => other !== form))
    })
    return form
  }

  #set(forms: readonly VariableForm[]): void {
    this.#forms = forms
    this.#list.replaceChildren(...forms.map(({ root }) => root))
  }
}

interface VariableActions {
  move(by: -1 | 1): void
  remove(): void
}

class VariableForm {
  readonly root = element('li')
  readonly #about: Fields
  readonly #own = element('div')
  #kind: Kind
  /** Texts of fields that the chosen kind does not have are kept for one that has them. */
  #values: Readonly<Record<string, unknown>>
  #fields = new Fields([], {})

  constructor(variable: Variable, { move, remove }: VariableActions) {
    this.#kind = variable.kind
    this.#values = { ...variable }
    this.#about = new Fields(ABOUT, this.#values)
    const kinds = choice('Kind', KINDS, this.#kind, kind => {
      this.#kind = kind as Kind
      this.#draw()
    })
    const buttons = element(
      'div',
      { class: 'buttons' },
      button('↑', () => move(-1), { 'aria-label': 'Move variable back' }),
      button('↓', () => move(1), { 'aria-label': 'Move variable on' }),
      button('Remove variable', remove)
    )
    this.root.append(this.#about.root, kinds, this.#own, buttons)
    this.#draw()
  }

  get variable(): Variable {
    return { kind: this.#kind, ...this.#about.values, ...this.#fields.values } as unknown as Variable
  }

  #draw(): void {
    this.#values = { ...this.#values, ...this.#fields.values }
    this.#fields = new Fields([...OWN[this.#kind], DEFAULT], this.#values)
    this.#own.replaceChildren(this.#fields.root)
  }
}
