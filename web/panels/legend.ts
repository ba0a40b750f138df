import { lineColor } from '../ui/chart/colors.ts'
import type { ChartData } from '../ui/chart/data.ts'
import { element, update } from '../ui/dom.ts'
import { quantity, type Unit } from '../ui/format.ts'

/** More rows would be longer than anybody reads, and slow. */
const MOST_ROWS = 100

export interface LegendEvents {
  /** Indices of lines that are not to be drawn. */
  onHidden(hidden: ReadonlySet<number>): void
  /** A row's samples are asked for. */
  onSamples?(index: number): void
}

/** Names and values of lines. A click shows one alone, and another all again. */
export class Legend {
  readonly root = element('ul', { class: 'legend', role: 'list', 'aria-label': 'Series' })
  readonly #events: LegendEvents
  #hidden = new Set<number>()
  #names: readonly string[] = []
  #data: ChartData = { times: [], lines: [] }
  #at: number | undefined
  #unit: Unit | undefined

  constructor(events: LegendEvents) {
    this.#events = events
    this.root.addEventListener('click', ({ target }) => this.#click(target as HTMLElement))
  }

  get hidden(): ReadonlySet<number> {
    return this.#hidden
  }

  show(names: readonly string[], data: ChartData, unit: Unit | undefined): void {
    // Another set of series: what was hidden of the one before means nothing.
    if (names.join('\n') !== this.#names.join('\n')) this.#hidden = new Set()
    this.#names = names
    this.#data = data
    this.#unit = unit
    this.#draw()
  }

  /** Shows the values at an index of times; the last ones if undefined. */
  point(at: number | undefined): void {
    if (at === this.#at) return
    this.#at = at
    this.#draw()
  }

  #draw(): void {
    const rows = this.#names.slice(0, MOST_ROWS).map((name, i) => this.#row(name, i))
    const more = this.#names.length - MOST_ROWS
    if (more > 0) rows.push(element('li', { class: 'note' }, `and ${more} more series, which are drawn too`))
    update(this.root, rows)
  }

  #row(name: string, index: number): HTMLElement {
    const { values } = this.#data.lines[index]
    const value = this.#at === undefined ? values.findLast(one => one !== null) : values[this.#at]
    const isHidden = this.#hidden.has(index)
    const swatch = element('span', { class: 'swatch', 'aria-hidden': 'true', 'data-own': '' })
    swatch.style.background = lineColor(index)
    return element(
      'li',
      {},
      element('button', { type: 'button', 'data-index': index, 'aria-pressed': String(!isHidden) }, swatch, name),
      element('output', {}, value === undefined || value === null ? '–' : quantity(value, this.#unit)),
      this.#events.onSamples &&
        element(
          'button',
          { type: 'button', class: 'quiet', 'data-samples': index, 'aria-label': `Samples of ${name}` },
          'samples'
        )
    )
  }

  #click(target: HTMLElement): void {
    const { index, samples } = target.closest('button')?.dataset ?? {}
    if (samples !== undefined) return this.#events.onSamples?.(Number(samples))
    if (index === undefined) return
    const others = this.#names.keys().filter(i => i !== Number(index))
    const isAlone = !this.#hidden.has(Number(index)) && this.#hidden.size === this.#names.length - 1
    this.#hidden = new Set(isAlone ? [] : others)
    this.#draw()
    this.#events.onHidden(this.#hidden)
  }
}
