import { ask, type Labels } from '../app/promql.ts'
import { button, element, update } from '../ui/dom.ts'
import { localTime, quantity } from '../ui/format.ts'
import { narrowed } from './state.ts'

/** More are not read. */
const MOST_EVENTS = 200
/** Events may come so much later than those they are older than, s. */
const LATENESS_S = 60

interface LatestEvent {
  readonly key: string
  /** s since 1970 */
  readonly time: number
  readonly name: string
  readonly value: number | null
  readonly attributes: Labels
}

export interface LatestFilter {
  /** A name, or empty for all. */
  readonly event: string
  /** A selector, or empty. */
  readonly where: string
  /** s since 1970 */
  readonly from: number
  readonly to: number
  /** Whether `to` is now. */
  readonly isLive: boolean
}

/** The newest events as a table. Of those that it has, it asks again only for the last minute. */
export class LatestEvents {
  readonly root: HTMLElement
  readonly #message = element('p', { class: 'message', role: 'status' }, 'Loading…')
  readonly #rows = element('tbody')
  readonly #table: HTMLElement
  readonly #onWhere: (where: string) => void
  #events = new Map<string, LatestEvent>()
  /** The question that they answer. */
  #asked = ''
  #where = ''

  /** @param onWhere a value was clicked: the selector of its events */
  constructor(onWhere: (where: string) => void) {
    this.#onWhere = onWhere
    const head = ['Time', 'Event', 'Value', 'Attributes'].map(text =>
      element('th', { scope: 'col', class: text === 'Value' ? undefined : 'text' }, text)
    )
    const table = element(
      'table',
      { class: 'values latest' },
      element('caption', { class: 'hidden' }, 'Latest events, the newest first'),
      element('thead', {}, element('tr', {}, ...head)),
      this.#rows
    )
    this.#table = element(
      'section',
      { class: 'scroll latest-events', tabindex: 0, 'aria-label': 'Latest events', hidden: true },
      table
    )
    this.root = element('div', {}, this.#message, this.#table)
    // Rows are laid over each other, so that a listener would be of another row's button.
    this.#rows.addEventListener('click', ({ target }) => this.#click(target as HTMLElement))
  }

  async load(filter: LatestFilter, signal: AbortSignal): Promise<void> {
    const { from, to, isLive } = filter
    const key = keyOf(filter)
    const known = isLive && key === this.#asked ? [...this.#events.values()] : []
    const newest = known[0]?.time
    try {
      const events = await newestEvents(
        filter,
        newest === undefined ? from : Math.max(from, newest - LATENESS_S),
        signal
      )
      if (signal.aborted) return
      // So many new ones leave no room for others, and those between were not asked for.
      const kept = events.length === MOST_EVENTS ? [] : known.filter(({ time }) => time >= from && time < to)
      this.#asked = key
      this.#where = filter.where
      this.#keep([...kept, ...events])
      this.#draw()
    } catch (error) {
      if (!signal.aborted) this.#say((error as Error).message, true)
    }
  }

  /** Each once, the newest first. */
  #keep(events: readonly LatestEvent[]): void {
    const each = new Map(events.map(event => [event.key, event]))
    const newest = [...each].sort(([, a], [, b]) => b.time - a.time).slice(0, MOST_EVENTS)
    this.#events = new Map(newest)
  }

  #draw(): void {
    if (this.#events.size === 0) return this.#say('No events in this range.')
    this.#message.hidden = true
    this.#table.hidden = false
    update(this.#rows, Array.from(this.#events.values(), rowOf))
  }

  #say(text: string, isError = false): void {
    this.#table.hidden = true
    this.#message.hidden = false
    this.#message.className = isError ? 'message error' : 'message'
    this.#message.textContent = text
  }

  #click(target: HTMLElement): void {
    const { attribute, value } = target.closest('button')?.dataset ?? {}
    if (attribute !== undefined && value !== undefined) this.#onWhere(narrowed(this.#where, attribute, value))
  }
}

/** Equal for questions of which one goes on where the other ended. */
function keyOf({ event, where, from, to, isLive }: LatestFilter): string {
  return JSON.stringify([event, where, isLive ? Math.round(to - from) : [from, to]])
}

async function newestEvents(
  { event, where, to }: LatestFilter,
  start: number,
  signal: AbortSignal
): Promise<readonly LatestEvent[]> {
  const given = (text: string) => (text === '' ? undefined : text)
  const scope = { name: given(event), where: given(where), start: String(start), end: String(to) }
  const { data } = await ask<{ events: readonly LatestEvent[] }>(
    'events/latest',
    { ...scope, limit: String(MOST_EVENTS) },
    signal
  )
  return data.events
}

function rowOf({ time, name, value, attributes }: LatestEvent): HTMLElement {
  const chips = Object.entries(attributes).map(([attribute, text]) =>
    button(`${attribute}=${text}`, () => {}, {
      class: 'chip',
      'data-attribute': attribute,
      'data-value': text,
      title: 'Show only events with this value'
    })
  )
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, timeText(time)),
    element('td', { class: 'text' }, name),
    element('td', {}, value === null ? 'NaN' : quantity(value)),
    element('td', { class: 'text' }, ...chips)
  )
}

/** Events follow each other within a second. */
const timeText = (time: number) => `${localTime(time)}.${String(Math.floor((time % 1) * 1000)).padStart(3, '0')}`
