import { element } from '../ui/dom.ts'

/** Place of a panel's content, and of a message where the content would be. */
export class PanelBody {
  readonly root = element('div', { class: 'panel' })
  readonly #content = element('div', { class: 'panel-body' })
  readonly #message = element('p', { class: 'message', role: 'status', hidden: true })

  constructor() {
    this.root.append(this.#message, this.#content)
  }

  show(...content: readonly HTMLElement[]): void {
    this.#message.hidden = true
    this.#content.hidden = false
    this.#content.replaceChildren(...content)
  }

  say(text: string, isError = false): void {
    this.#content.hidden = true
    this.#message.hidden = false
    this.#message.className = isError ? 'message error' : 'message'
    this.#message.textContent = text
  }
}
