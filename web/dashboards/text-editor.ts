import { button, element } from '../ui/dom.ts'

/** A dialog with the JSON of a dashboard. The dialog stays, and says why, if `write` rejects. */
export function editText(text: string, write: (text: string) => Promise<void>): void {
  const area = element('textarea', { rows: 24, spellcheck: 'false', 'aria-label': 'JSON of the dashboard' })
  area.value = text
  const message = element('p', { class: 'message error', role: 'alert', hidden: true })
  const dialog = element('dialog', { class: 'text-editor', 'aria-label': 'JSON' })
  const save = async () => {
    try {
      await write(area.value)
      dialog.close()
    } catch (error) {
      message.hidden = false
      message.textContent = (error as Error).message
    }
  }
  const buttons = element(
    'div',
    { class: 'buttons' },
    button('Save', () => void save(), { class: 'primary' }),
    button('Cancel', () => dialog.close())
  )
  dialog.append(element('h2', {}, 'JSON'), area, message, buttons)
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
}
