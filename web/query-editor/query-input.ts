import { element } from '../ui/dom.ts'
import type { EditorOptions, QueryEditor } from './query-editor.ts'

/** A plain field at first: the editor with completion is larger than the rest of the page, and comes when it is needed. */
export class QueryInput {
  readonly root = element('div', { class: 'editor' })
  readonly #options: EditorOptions
  readonly #plain: HTMLTextAreaElement
  #editor: QueryEditor | undefined
  #isLoading = false
  #isClosed = false

  constructor(value: string, options: EditorOptions) {
    this.#options = options
    this.#plain = element('textarea', {
      rows: 1,
      spellcheck: 'false',
      autocapitalize: 'off',
      'aria-label': options.label,
      placeholder: 'sum by (plan) (rate(signup_total[1m]))'
    })
    this.#plain.value = value
    this.root.append(this.#plain)
    this.#plain.addEventListener('focus', () => void this.#load())
    this.#plain.addEventListener('keydown', event => {
      if (event.key !== 'Enter' || event.shiftKey || options.onRun === undefined) return
      event.preventDefault()
      options.onRun()
    })
  }

  get value(): string {
    return (this.#editor ?? this.#plain).value
  }

  set value(value: string) {
    if (value !== this.value) (this.#editor ?? this.#plain).value = value
  }

  focus(): void {
    const field = this.#editor ?? this.#plain
    field.focus()
  }

  mark(error: string | undefined): void {
    this.#editor?.mark(error)
    this.#plain.setAttribute('aria-invalid', String(error !== undefined))
  }

  close(): void {
    this.#isClosed = true
    this.#editor?.close()
  }

  async #load(): Promise<void> {
    if (this.#isLoading) return
    this.#isLoading = true
    const { makeEditor } = await import('./codemirror.ts')
    if (this.#isClosed) return
    const hasFocus = document.activeElement === this.#plain
    this.#editor = makeEditor(this.#plain.value, this.#options)
    this.root.replaceChildren(this.#editor.root)
    if (hasFocus) this.#editor.focus()
  }
}
