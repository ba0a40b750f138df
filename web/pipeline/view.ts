import { Rates } from '../../core/admin/rates.ts'
import type { StatusReport } from '../../core/admin/status.ts'
import type { Place } from '../app/place.ts'
import { statusFeed } from '../app/status.ts'
import type { View } from '../app/view.ts'
import { droppedItems } from '../ledger/rows.ts'
import { element, update } from '../ui/dom.ts'
import { bytes, compact } from '../ui/format.ts'
import { Details } from './details.ts'
import { connect, pipelineBox } from './graph.ts'
import { problemItems } from './problems.ts'
import { type Selection, selectionOf } from './selection.ts'

/** The pipelines as they run, the details of one component, and what went wrong. */
export const view: View = (root, place) => {
  const shown = new PipelineView(root, place)
  return { close: () => shown.close() }
}

class PipelineView {
  readonly #place: Place
  readonly #rates = new Rates()
  readonly #summary = element('dl', { id: 'summary' })
  readonly #pipelines = element('div', { id: 'pipelines' })
  readonly #problems = element('ol', { id: 'problems' })
  readonly #details: Details
  readonly #resized = new ResizeObserver(() => connect(this.#pipelines))
  readonly #ends: readonly (() => void)[]

  constructor(root: HTMLElement, place: Place) {
    this.#place = place
    this.#details = new Details(place, () => this.#select(undefined))
    const note = 'Items a second, over the last 10 seconds. The name of a component opens its details.'
    root.append(
      this.#summary,
      section('Pipelines', element('p', { class: 'note' }, note), this.#pipelines, this.#details.node),
      section('Last warnings and errors', this.#problems)
    )
    this.#pipelines.addEventListener('click', ({ target }) => this.#clicked(target as Element))
    this.#resized.observe(this.#pipelines)
    const subscribed = statusFeed.subscribe(status => {
      if (status === undefined) return
      this.#rates.take(status.components, status.uptimeSeconds)
      this.#show(status)
    })
    const changed = place.onChange(() => this.#showLatest())
    this.#ends = [subscribed, changed]
  }

  close(): void {
    for (const end of this.#ends) end()
    this.#resized.disconnect()
    this.#details.close()
  }

  #clicked(target: Element): void {
    const node = target.closest<HTMLElement>('button[data-component]')
    if (node === null) return
    const { component, in: pipeline } = node.dataset
    this.#select(node.ariaExpanded === 'true' ? undefined : { component: component!, pipeline })
  }

  /** The keyboard goes to the details, or back to the component that they were of. */
  #select(selection: Selection | undefined): void {
    const before = selectionOf(this.#place)
    this.#place.set({ component: selection?.component, in: selection?.pipeline })
    this.#showLatest()
    if (selection !== undefined) this.#details.focus()
    else if (before !== undefined) this.#pipelines.querySelector<HTMLElement>(nodeOf(before))?.focus()
  }

  #showLatest(): void {
    if (statusFeed.latest !== undefined) this.#show(statusFeed.latest)
  }

  #show(status: StatusReport): void {
    const selection = selectionOf(this.#place)
    update(this.#summary, summaryTiles(status, this.#rates))
    update(
      this.#pipelines,
      status.pipelines.map((pipeline, i) => pipelineBox(pipeline, i, status, this.#rates, selection))
    )
    connect(this.#pipelines)
    this.#details.show(status)
    update(this.#problems, problemItems(status.problems))
  }
}

function nodeOf({ component, pipeline }: Selection): string {
  const isIn = pipeline === undefined ? '' : `[data-in="${CSS.escape(pipeline)}"]`
  return `button[data-component="${CSS.escape(component)}"]${isIn}`
}

function section(title: string, ...children: HTMLElement[]): HTMLElement {
  const id = `${title.toLowerCase().replaceAll(' ', '-')}-title`
  return element('section', { 'aria-labelledby': id }, element('h2', { id }, title), ...children)
}

function summaryTiles({ components, credits }: StatusReport, rates: Rates): HTMLElement[] {
  const ofKind = (wanted: string) => components.filter(({ kind }) => kind === wanted)
  const dropped = components.reduce((total, component) => total + droppedItems(component.account.dropped), 0)
  const received = ofKind('receiver').reduce((total, component) => total + rates.of(component).in, 0)
  const exported = ofKind('exporter').reduce((total, component) => total + rates.of(component).out, 0)
  return [
    tile('Received', `${compact(received)}/s`),
    tile('Exported', `${compact(exported)}/s`),
    tile('Dropped', compact(dropped), dropped > 0 ? 'warn' : undefined),
    memoryTile('In flight,', credits.inFlight),
    memoryTile('Output,', credits.output)
  ]
}

function tile(label: string, value: string, className?: string): HTMLElement {
  return element('div', { class: className }, element('dt', {}, label), element('dd', {}, value))
}

function memoryTile(label: string, { usedBytes, capacityBytes }: StatusReport['credits']['output']): HTMLElement {
  return tile(`${label} of ${bytes(capacityBytes)}`, bytes(usedBytes))
}
