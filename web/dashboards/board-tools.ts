import type { Dashboard } from '../../core/admin/dashboards/dashboard.ts'
import { button, element } from '../ui/dom.ts'
import { nameForm } from './name-form.ts'

export interface BoardActions {
  /** Undefined: nothing can be saved. */
  readonly onEdit: (() => void) | undefined
  onDone(): void
  onSave(): void
  onAddRow(): void
  onVariables(): void
  onText(): void
  onCopy(name: string): void
  /** Undefined: there is no file of it. */
  readonly onRemove: (() => void) | undefined
  onTitle(title: string): void
}

export interface BoardState {
  readonly isEditing: boolean
  /** It differs from what is saved. */
  readonly isChanged: boolean
}

/** The head of a dashboard: its title, and what can be done with it. */
export class BoardTools {
  readonly root: HTMLElement
  readonly #warn: (event: BeforeUnloadEvent) => void = event => event.preventDefault()

  constructor({ title, description }: Dashboard, state: BoardState, actions: BoardActions) {
    const heading = state.isEditing ? titleInput(title, actions) : element('h2', {}, title)
    const buttons = element('div', { class: 'buttons' }, ...buttonsOf(state, actions))
    const note = description !== undefined && element('p', { class: 'note' }, description)
    this.root = element('div', { class: 'board-head' }, backLink(), heading, buttons, note)
    // The browser asks whether changes are to be lost.
    if (state.isChanged) window.addEventListener('beforeunload', this.#warn)
  }

  close(): void {
    window.removeEventListener('beforeunload', this.#warn)
  }
}

/** The head of a dashboard of which only the JSON can be shown. @param onText undefined: it cannot be changed */
export function brokenHead(name: string, onText: (() => void) | undefined): HTMLElement {
  const buttons = onText && element('div', { class: 'buttons' }, button('JSON', onText))
  return element('div', { class: 'board-head' }, backLink(), element('h2', {}, name), buttons)
}

const backLink = () => element('a', { href: '#dashboards', class: 'back' }, 'All dashboards')

function titleInput(title: string, { onTitle }: BoardActions): HTMLElement {
  const input = element('input', { value: title, 'aria-label': 'Title of the dashboard' })
  input.addEventListener('change', () => onTitle(input.value.trim() || title))
  return input
}

function copyMenu(onCopy: (name: string) => void): HTMLElement {
  const form = nameForm('Name of the copy', 'Save', onCopy)
  return element(
    'details',
    { class: 'multiple' },
    element('summary', {}, 'Save a copy'),
    element('div', { class: 'choices' }, form)
  )
}

function buttonsOf({ isEditing, isChanged }: BoardState, actions: BoardActions): HTMLElement[] {
  const { onEdit, onDone, onSave, onAddRow, onVariables, onText, onCopy, onRemove } = actions
  if (onEdit === undefined) return []
  if (!isEditing) return [button('Edit', onEdit)]
  const buttons = [
    button('Save', onSave, { class: 'primary', disabled: !isChanged }),
    button(isChanged ? 'Discard changes' : 'Done', onDone),
    button('Add row', onAddRow),
    button('Variables', onVariables),
    button('JSON', onText),
    copyMenu(onCopy)
  ]
  return onRemove === undefined ? buttons : [...buttons, button('Remove dashboard', onRemove)]
}
