import type { Place } from '../app/place.ts'
import { poll } from '../app/poll.ts'
import { apiUrl, gridOf, labelNames } from '../app/promql.ts'
import type { View } from '../app/view.ts'
import { PANEL_KINDS, type PanelKind, QueryPanel } from '../panels/query-panel.ts'
import { QueryInput } from '../query-editor/query-input.ts'
import { button, element, update } from '../ui/dom.ts'
import { isLive, RangePicker, rangeOf } from '../ui/range-picker.ts'
import { resolve } from '../ui/time-range.ts'
import { brokenDown, partsOf, type QueryParts } from './breakdown.ts'
import { MetricList } from './metric-list.ts'
import { showSamples } from './samples.ts'

const FASTEST_REFRESH_MS = 2000
const SLOWEST_REFRESH_MS = 30_000
const CURSOR = 'explore'
/** Labels that say nothing of the data, or are the buckets themselves. */
const NO_BREAKDOWN: ReadonlySet<string> = new Set(['__name__', 'le', 'quantile'])

/** Questions in PromQL, and their charts. */
export const view: View = (root, place) => {
  const explorer = new Explorer(place)
  root.append(...explorer.parts)
  explorer.run()
  return explorer
}

class Explorer {
  readonly #place: Place
  readonly #picker: RangePicker
  readonly #input: QueryInput
  readonly #panel: QueryPanel
  readonly #metrics = new MetricList(query => this.#ask(query))
  readonly #kinds = element('div', { role: 'group', 'aria-label': 'Show as', class: 'buttons' })
  readonly #breakdown = element('div', { role: 'group', 'aria-label': 'Break down by', class: 'breakdown' })
  readonly #unlisten: () => void
  #run = new AbortController()
  #query: QueryParts | undefined

  constructor(place: Place) {
    this.#place = place
    this.#picker = new RangePicker(place, () => this.run())
    this.#input = new QueryInput(place.get('query') ?? '', {
      label: 'PromQL query',
      onRun: () => this.#ask(this.#input.value),
      api: apiUrl()
    })
    this.#panel = new QueryPanel({
      kind: this.#kind,
      cursor: CURSOR,
      onZoom: (from, to) => this.#picker.choose(String(Math.floor(from)), String(Math.ceil(to))),
      onSamples: labels => void this.#showSamples(labels)
    })
    this.#unlisten = place.onChange(() => {
      this.#input.value = place.get('query') ?? ''
      this.#picker.show()
      this.run()
    })
  }

  get parts(): HTMLElement[] {
    const ask = element(
      'div',
      { class: 'ask' },
      this.#input.root,
      button('Run', () => this.#ask(this.#input.value), { class: 'primary' })
    )
    const tools = element('div', { class: 'tools' }, this.#picker.root, this.#kinds)
    return [ask, tools, this.#breakdown, this.#panel.root, this.#metrics.root]
  }

  close(): void {
    this.#run.abort()
    this.#unlisten()
    this.#input.close()
    this.#panel.close()
  }

  /** Asks what the URL says, and again while it is live. */
  run(): void {
    this.#run.abort()
    this.#run = new AbortController()
    const { signal } = this.#run
    this.#showKinds()
    this.#panel.set({ kind: this.#kind })
    const query = this.#place.get('query')
    this.#panel.root.hidden = query === undefined
    if (query === undefined) update(this.#breakdown, [])
    else void this.#describe(query, signal)
    const { from, to } = this.#range
    const everyMs = Math.min(SLOWEST_REFRESH_MS, Math.max(FASTEST_REFRESH_MS, gridOf(from, to).step * 1000))
    void poll(everyMs, () => this.#refresh(query, signal), signal)
  }

  async #refresh(query: string | undefined, signal: AbortSignal): Promise<void> {
    const { from, to } = this.#range
    if (query !== undefined) await this.#panel.load([{ query }], from, to, signal)
    await this.#metrics.load(gridOf(from, to), signal).catch(error => {
      if (query === undefined && !signal.aborted) this.#failed(error)
    })
    if (!isLive(this.#place)) this.#run.abort()
  }

  #failed(error: Error): void {
    this.#panel.root.hidden = false
    this.#panel.fail(error)
  }

  get #range(): { readonly from: number; readonly to: number } {
    return resolve(rangeOf(this.#place))!
  }

  get #kind(): PanelKind {
    const asked = this.#place.get('as') as PanelKind
    return PANEL_KINDS.includes(asked) ? asked : 'line'
  }

  #ask(query: string): void {
    this.#input.value = query
    this.#place.set({ query: query.trim() })
    this.run()
  }

  #showKinds(): void {
    const kinds = PANEL_KINDS.map(kind =>
      button(kind[0].toUpperCase() + kind.slice(1), () => this.#choose(kind), {
        'aria-pressed': String(kind === this.#kind)
      })
    )
    this.#kinds.replaceChildren(...kinds)
  }

  #choose(kind: PanelKind): void {
    this.#place.set({ as: kind === 'line' ? undefined : kind })
    this.#showKinds()
    this.#panel.set({ kind })
  }

  /** Marks an error in the query, and offers the labels it can be broken down by. */
  async #describe(query: string, signal: AbortSignal): Promise<void> {
    try {
      this.#query = await partsOf(query, signal)
      this.#input.mark(undefined)
      const { selectors, grouping } = this.#query
      const { from, to } = this.#range
      const names =
        selectors.length === 0 ? [] : await labelNames({ matchers: selectors, grid: gridOf(from, to) }, signal)
      this.#showBreakdown(query, grouping, names)
    } catch (error) {
      if (signal.aborted) return
      this.#input.mark((error as Error).message)
      update(this.#breakdown, [])
    }
  }

  #showBreakdown(query: string, grouping: readonly string[] | undefined, names: readonly string[]): void {
    const offered = grouping === undefined ? [] : names.filter(name => !NO_BREAKDOWN.has(name))
    const chips = offered.map(name =>
      button(name, () => this.#ask(brokenDown(query, grouping!, name)), {
        'aria-pressed': String(grouping!.includes(name))
      })
    )
    this.#breakdown.replaceChildren(...(chips.length === 0 ? [] : [element('span', {}, 'Break down by'), ...chips]))
  }

  async #showSamples(labels: Readonly<Record<string, string>>): Promise<void> {
    const [selector] = this.#query?.selectors ?? []
    const { from, to } = this.#range
    if (selector !== undefined) await showSamples(selector, labels, from, to)
  }
}
