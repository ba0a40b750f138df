import { element } from '../ui/dom.ts'

const NAME = '[A-Za-z0-9_][A-Za-z0-9_.\\-]*'

/** Asks for the name of a new dashboard, which is that of its file. */
export function nameForm(label: string, submit: string, onName: (name: string) => void): HTMLFormElement {
  const name = element('input', { required: true, maxlength: 100, pattern: NAME, autocomplete: 'off' })
  name.title = 'Letters, digits, "_", "-" and "."'
  const form = element(
    'form',
    { class: 'new-dashboard' },
    element('label', {}, label, ' ', name),
    element('button', {}, submit)
  )
  form.addEventListener('submit', event => {
    event.preventDefault()
    onName(name.value)
  })
  return form
}
