import type { Dashboard, Panel, Row } from '../../core/admin/dashboards/dashboard.ts'
import { fillIn, type VariableValues } from '../../core/admin/dashboards/variables.ts'
import { type Frame, PanelView, type PanelViewOptions } from '../panels/panel-view.ts'
import { button, element } from '../ui/dom.ts'
import type { PanelPlace } from './edits.ts'

const DEFAULT_WIDTH = 6
/** Panels this near are asked for before they are seen. */
const NEAR = '300px'

/** How a dashboard is edited. */
export interface GridEdits {
  edit(at: PanelPlace): void
  move(at: PanelPlace, by: -1 | 1): void
  remove(at: PanelPlace): void
  titleRow(row: number, title: string): void
  removeRow(row: number): void
}

interface Cell {
  readonly panel: Panel
  readonly root: HTMLElement
  readonly heading: HTMLElement
  readonly view: PanelView
  isNear: boolean
  /** Number of the load whose answer it shows. */
  shown: number
}

/** The rows and panels of a dashboard. Panels that are out of sight ask nothing. */
export class Grid {
  readonly root = element('div', { class: 'board' })
  readonly #cells: Cell[] = []
  readonly #options: PanelViewOptions
  readonly #edits: GridEdits | undefined
  readonly #observer = new IntersectionObserver(entries => this.#seen(entries), { rootMargin: NEAR })
  #loads = 0
  #frame: Frame | undefined
  #signal = AbortSignal.abort()

  /** @param edits undefined: it is only looked at */
  constructor({ rows }: Dashboard, options: PanelViewOptions, edits: GridEdits | undefined) {
    this.#options = options
    this.#edits = edits
    this.root.append(...rows.map((row, i) => this.#rowOf(row, i)))
  }

  /** Asks for all panels that can be seen, and later for those that come into sight. */
  async load(frame: Frame, signal: AbortSignal): Promise<void> {
    this.#frame = frame
    this.#signal = signal
    this.#loads++
    for (const { heading, panel } of this.#cells) heading.textContent = titleOf(panel, frame.values)
    await Promise.all(this.#cells.filter(({ isNear }) => isNear).map(cell => this.#loadCell(cell)))
  }

  close(): void {
    this.#observer.disconnect()
    for (const { view } of this.#cells) view.close()
  }

  async #loadCell(cell: Cell): Promise<void> {
    if (this.#frame === undefined || this.#signal.aborted || cell.shown === this.#loads) return
    cell.shown = this.#loads
    await cell.view.load(this.#frame, this.#signal)
  }

  #seen(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const cell = this.#cells.find(({ root }) => root === target)!
      cell.isNear = isIntersecting
      if (isIntersecting) void this.#loadCell(cell)
    }
  }

  #rowOf({ title, panels }: Row, row: number): HTMLElement {
    const cells = panels.map((panel, i) => this.#cellOf(panel, { row, panel: i }))
    const heading =
      this.#edits === undefined ? title && element('h3', {}, title) : this.#rowTools(title, row, panels.length)
    const grid = element('div', { class: 'grid' }, ...cells)
    return element('section', { 'aria-label': title ?? `Row ${row + 1}` }, heading || undefined, grid)
  }

  #cellOf(panel: Panel, at: PanelPlace): HTMLElement {
    const view = new PanelView(panel, this.#options)
    const heading = element('h4', {}, panel.title)
    const root = element(
      'article',
      { class: 'cell', 'data-kind': panel.kind, 'aria-label': panel.title },
      heading,
      panel.description && element('p', { class: 'note' }, panel.description),
      view.root,
      this.#edits && this.#panelTools(panel, at)
    )
    root.style.setProperty('--columns', String(panel.width ?? DEFAULT_WIDTH))
    this.#cells.push({ panel, root, heading, view, isNear: false, shown: 0 })
    this.#observer.observe(root)
    return root
  }

  #panelTools({ title }: Panel, at: PanelPlace): HTMLElement {
    const edits = this.#edits!
    return element(
      'div',
      { class: 'buttons edits' },
      button('Edit', () => edits.edit(at), { 'aria-label': `Edit ${title}` }),
      button('←', () => edits.move(at, -1), { 'aria-label': `Move ${title} back` }),
      button('→', () => edits.move(at, 1), { 'aria-label': `Move ${title} on` }),
      button('Remove', () => edits.remove(at), { 'aria-label': `Remove ${title}` })
    )
  }

  #rowTools(title = '', row: number, panels: number): HTMLElement {
    const edits = this.#edits!
    const input = element('input', {
      value: title,
      placeholder: 'Title of the row',
      'aria-label': `Title of row ${row + 1}`
    })
    input.addEventListener('change', () => edits.titleRow(row, input.value.trim()))
    return element(
      'div',
      { class: 'buttons row-tools' },
      input,
      button('Add panel', () => edits.edit({ row, panel: panels }), { 'aria-label': `Add panel to row ${row + 1}` }),
      button('Remove row', () => edits.removeRow(row), { 'aria-label': `Remove row ${row + 1}` })
    )
  }
}

/** A title may have variables in it. One that has no value stays as it is written. */
function titleOf({ title }: Panel, values: VariableValues): string {
  try {
    return fillIn(title, values)
  } catch {
    return title
  }
}
