import type { Place } from '../app/place.ts'
import { button, element } from './dom.ts'
import { localTime } from './format.ts'
import { DEFAULT_RANGE, isRelative, QUICK_RANGES, resolve, type TimeRange } from './time-range.ts'

/** The range in the URL, as `from` and `to`. */
export function rangeOf(place: Place): TimeRange {
  const chosen = { from: place.get('from') ?? DEFAULT_RANGE.from, to: place.get('to') ?? DEFAULT_RANGE.to }
  return resolve(chosen) === undefined ? DEFAULT_RANGE : chosen
}

/** True if what is shown moves with the clock. It does unless the user has stopped it. */
export const isLive = (place: Place) => place.get('live') !== 'no' && isRelative(rangeOf(place))

/** Chooses the range and whether it is live, and keeps both in the URL. */
export class RangePicker {
  readonly root: HTMLElement
  readonly #place: Place
  readonly #onChange: () => void
  readonly #quick = new Map<string, HTMLButtonElement>()
  readonly #live: HTMLButtonElement
  readonly #from = element('input', { type: 'datetime-local', step: 1, 'aria-label': 'From' })
  readonly #to = element('input', { type: 'datetime-local', step: 1, 'aria-label': 'To' })
  readonly #custom: HTMLDetailsElement
  readonly #customText = element('summary')

  constructor(place: Place, onChange: () => void) {
    this.#place = place
    this.#onChange = onChange
    for (const span of QUICK_RANGES)
      this.#quick.set(
        `now-${span}`,
        button(span, () => this.choose(`now-${span}`, 'now'))
      )
    this.#live = button('Live', () => this.#toggleLive(), { class: 'live' })
    const apply = button('Apply', () => this.#applyCustom())
    this.#custom = element(
      'details',
      {},
      this.#customText,
      element('div', { class: 'custom' }, this.#from, this.#to, apply)
    )
    const quick = element(
      'div',
      { role: 'group', 'aria-label': 'Time range', class: 'buttons' },
      ...this.#quick.values()
    )
    this.root = element('div', { class: 'range-picker' }, quick, this.#custom, this.#live)
    this.show()
  }

  /** Takes a range, such as one that was dragged on a chart. */
  choose(from: string, to: string): void {
    this.#place.set({ from, to })
    this.#custom.open = false
    this.show()
    this.#onChange()
  }

  /** Shows what the URL says. */
  show(): void {
    const range = rangeOf(this.#place)
    for (const [from, made] of this.#quick)
      made.setAttribute('aria-pressed', String(range.from === from && range.to === 'now'))
    this.#live.setAttribute('aria-pressed', String(isLive(this.#place)))
    this.#live.disabled = !isRelative(range)
    const { from, to } = resolve(range)!
    const isQuick = this.#quick.has(range.from) && range.to === 'now'
    this.#customText.textContent = isQuick
      ? 'Custom'
      : `${localTime(from)} to ${isRelative(range) ? 'now' : localTime(to)}`
    this.#from.value = localTime(from).replace(' ', 'T')
    this.#to.value = localTime(to).replace(' ', 'T')
  }

  #toggleLive(): void {
    this.#place.set({ live: isLive(this.#place) ? 'no' : undefined })
    this.show()
    this.#onChange()
  }

  #applyCustom(): void {
    const [from, to] = [this.#from, this.#to].map(({ value }) => new Date(value).getTime() / 1000)
    this.#to.setCustomValidity(from < to ? '' : 'The end must come after the start.')
    if (this.#to.reportValidity()) this.choose(String(from), String(to))
  }
}
