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
    // What stays in its place keeps its focus and its size.
    const isSame =
      content.length === this.#content.children.length && content.every(one => one.parentNode === this.#content)
    if (!isSame) this.#content.replaceChildren(...content)
  }

  /** Tells those who do not see it what a picture shows. Undefined: it is no picture. */
  describe(picture: string | undefined): void {
    if (picture === undefined) {
      this.#content.removeAttribute('role')
      this.#content.removeAttribute('aria-label')
    } else {
      this.#content.setAttribute('role', 'img')
      this.#content.setAttribute('aria-label', picture)
    }
  }

  say(text: string, isError = false): void {
    this.#content.hidden = true
    this.#message.hidden = false
    this.#message.className = isError ? 'message error' : 'message'
    this.#message.textContent = text
  }
}
