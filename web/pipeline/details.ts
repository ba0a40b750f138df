import type { ComponentReport } from '../../core/admin/component-report.ts'
import type { StatusReport } from '../../core/admin/status.ts'
import type { Place } from '../app/place.ts'
import { button, element, update } from '../ui/dom.ts'
import { count } from '../ui/format.ts'
import { factsOf, queueText } from './node.ts'
import { type Selection, selectedOf, selectionOf } from './selection.ts'
import { TapList } from './tap-list.ts'
import { WhyForm } from './why-form.ts'

const COLUMNS = {
  received: 'Received',
  produced: 'Produced',
  sent: 'Sent',
  absorbed: 'Absorbed',
  refused: 'Refused',
  inFlight: 'In flight',
  imbalance: 'Imbalance'
} as const

/** The details of the selected component: its figures, the items that pass it, and the ways of series. */
export class Details {
  readonly node = element('section', { class: 'details', 'aria-labelledby': 'details-title', hidden: true })
  readonly #place: Place
  readonly #onClose: () => void
  readonly #figures = element('dl', { class: 'books' })
  #open: { readonly key: string; readonly parts: readonly { close(): void }[] } | undefined

  constructor(place: Place, onClose: () => void) {
    this.#place = place
    this.#onClose = onClose
  }

  show(status: StatusReport): void {
    const selection = selectionOf(this.#place)
    const component = selectedOf(status, selection)
    this.node.hidden = selection === undefined
    if (selection === undefined) return this.close()
    if (component === undefined) {
      this.close()
      const missing = `There is no ${selection.component} here.`
      return update(this.node, [element('p', { class: 'message', id: 'details-title' }, missing)])
    }
    if (this.#open?.key !== JSON.stringify(selection)) this.#build(selection, component)
    update(this.#figures, figuresOf(component))
  }

  /** Puts the keyboard there. */
  focus(): void {
    this.node.querySelector<HTMLElement>('#details-title')?.focus()
  }

  close(): void {
    for (const part of this.#open?.parts ?? []) part.close()
    this.#open = undefined
    this.node.replaceChildren()
  }

  #build(selection: Selection, { kind, id }: ComponentReport): void {
    this.close()
    const why = new WhyForm(this.#place, selection.component)
    const hasItems = kind !== 'journal' && kind !== 'extension'
    const taps = hasItems ? [new TapList(selection, item => why.askAbout(item))] : []
    const where = selection.pipeline === undefined ? kind : `${kind} in ${selection.pipeline}`
    const title = element('h3', { id: 'details-title', tabindex: -1 }, `${id} `, element('small', {}, where))
    this.node.append(
      element('div', { class: 'tools' }, title, button('Close details', this.#onClose)),
      this.#figures,
      ...taps.flatMap(({ node }) => [element('h4', {}, 'Items'), node]),
      element('h4', {}, 'Way of a series'),
      why.node
    )
    this.#open = { key: JSON.stringify(selection), parts: [...taps, why] }
  }
}

function figuresOf(component: ComponentReport): HTMLElement[] {
  const { account, state, reason, queue } = component
  const columns = Object.entries(COLUMNS).map(([name, label]) =>
    pair(label, count(account[name as keyof typeof COLUMNS]))
  )
  const dropped = Object.entries(account.dropped).map(([why, items]) => pair(`Dropped, ${why}`, count(items)))
  const facts = [...(queue === undefined ? [] : [queueText(queue)]), ...factsOf(component)]
  return [
    pair('State', state === 'ok' || reason === undefined ? state : `${state}: ${reason}`),
    ...columns,
    ...dropped,
    ...(facts.length === 0 ? [] : [pair('Now', facts.join('; '))])
  ]
}

function pair(name: string, value: string): HTMLElement {
  return element('div', {}, element('dt', {}, name), element('dd', {}, value))
}
