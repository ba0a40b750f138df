import { button, element, update } from '../ui/dom.ts'
import { count, localTime, quantity } from '../ui/format.ts'
import type { Selection } from './selection.ts'
import { followTap, type TapItem } from './tap-feed.ts'

const MOST_ITEMS = 40
const COLUMNS = ['Time', 'Name', 'Value', 'Attributes', 'Why']
const NOTE = 'A sample of the items that pass, without secrets.'

/** The last items that pass a component, as long as somebody watches. */
export class TapList {
  readonly node: HTMLElement
  readonly #selection: Selection
  readonly #side: HTMLSelectElement
  readonly #toggle = button('Watch items', () => this.#switch(), { 'aria-pressed': 'false' })
  readonly #said = element('p', { class: 'note', role: 'status' }, NOTE)
  readonly #rows = element('tbody')
  readonly #table: HTMLElement
  #items: TapItem[] = []
  #passed = 0
  #problem = ''
  #watching: AbortController | undefined
  #isDue = false

  /** @param onWhy asks about the series of an item */
  constructor(selection: Selection, onWhy: (item: TapItem) => void) {
    const [kind] = selection.component.split('/', 1)
    this.#selection = selection
    const options = sidesOf(kind).map(name => element('option', { value: name }, name))
    this.#side = element('select', { 'aria-label': 'Side of the component' }, ...options)
    this.#table = itemTable(selection, this.#rows)
    this.#side.addEventListener('change', () => this.#watching !== undefined && this.#start())
    this.#rows.addEventListener('click', ({ target }) => {
      const index = (target as Element).closest('button')?.dataset.index
      if (index !== undefined) onWhy(this.#items[Number(index)])
    })
    const buttons = element('div', { class: 'buttons' }, this.#toggle, options.length > 1 && this.#side)
    this.node = element('section', { 'aria-label': 'Items' }, buttons, this.#said, this.#table)
  }

  close(): void {
    this.#watching?.abort()
  }

  #switch(): void {
    if (this.#watching === undefined) return this.#start()
    this.#watching.abort()
    this.#watching = undefined
    this.#show()
  }

  #start(): void {
    this.#watching?.abort()
    this.#watching = new AbortController()
    this.#items = []
    this.#passed = 0
    this.#problem = ''
    this.#show()
    const problem = (message: string) => {
      this.#problem = message
      this.#show()
    }
    void followTap(this.#selection, this.#side.value, this.#watching.signal, item => this.#take(item), problem)
  }

  #take(item: TapItem): void {
    this.#passed += 1 + (item.skipped ?? 0)
    this.#items = [item, ...this.#items].slice(0, MOST_ITEMS)
    // Items may come faster than frames are drawn.
    if (this.#isDue) return
    this.#isDue = true
    requestAnimationFrame(() => {
      this.#isDue = false
      this.#show()
    })
  }

  #show(): void {
    const isWatching = this.#watching !== undefined
    this.#toggle.setAttribute('aria-pressed', String(isWatching))
    update(this.#toggle, [isWatching ? 'Stop watching' : 'Watch items'])
    this.#table.hidden = this.#items.length === 0
    update(this.#rows, this.#items.map(row))
    update(this.#said, [this.#text(isWatching)])
  }

  #text(isWatching: boolean): string {
    if (this.#problem !== '') return `${this.#problem.replace(/\.$/, '')}. It is tried again.`
    if (!isWatching) return NOTE
    return this.#passed === 0
      ? 'Nothing has passed yet.'
      : `${count(this.#passed)} items have passed; a sample of them, without secrets:`
  }
}

function sidesOf(kind: string): string[] {
  if (kind === 'receiver') return ['sent']
  return kind === 'exporter' ? ['received', 'sent'] : ['sent', 'received']
}

function itemTable({ component }: Selection, rows: HTMLElement): HTMLElement {
  return element(
    'section',
    { class: 'scroll', tabindex: 0, 'aria-label': 'Last items', hidden: true },
    element(
      'table',
      { class: 'values' },
      element('caption', { class: 'hidden' }, `Last items of ${component}`),
      element('thead', {}, element('tr', {}, ...COLUMNS.map(name => element('th', { scope: 'col' }, name)))),
      rows
    )
  )
}

function row({ time, name, kind, type, value, count: observations, attributes, resource }: TapItem, i: number) {
  const at = Date.parse(time) / 1000
  const labels = Object.entries({ ...resource, ...attributes }).map(([key, text]) => `${key}=${JSON.stringify(text)}`)
  const number = typeof value === 'number' ? quantity(value) : value
  return element(
    'tr',
    {},
    element('td', { class: 'text' }, Number.isNaN(at) ? time : localTime(at)),
    element('th', { scope: 'row' }, name, element('small', {}, kind ?? type)),
    element('td', {}, observations === undefined ? number : `${number} of ${count(observations)}`),
    element('td', { class: 'text' }, labels.join(', ')),
    element('td', {}, element('button', { type: 'button', 'data-index': i, 'aria-label': `Why ${name}` }, 'Why?'))
  )
}
