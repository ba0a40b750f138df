import type { WhyAnswer } from '../../core/admin/why/why.ts'
import { getJson } from '../app/api.ts'
import type { Place } from '../app/place.ts'
import { element, update } from '../ui/dom.ts'
import type { TapItem } from './tap-feed.ts'
import { whyAnswer } from './why-answer.ts'

/** A question about the way of a series. The URL has it: `metric`, and `labels` one a line. */
export class WhyForm {
  readonly node: HTMLElement
  readonly #place: Place
  readonly #component: string
  readonly #metric = element('input', { id: 'why-metric', autocomplete: 'off', spellcheck: 'false', required: true })
  readonly #labels = element('textarea', { id: 'why-labels', rows: 2, spellcheck: 'false', placeholder: 'plan=pro' })
  readonly #answer = element('div', { role: 'status' })
  #asking: AbortController | undefined

  /** @param component `<kind>/<id>` of the one that is looked at */
  constructor(place: Place, component: string) {
    this.#place = place
    this.#component = component
    const form = element(
      'form',
      { class: 'why-form' },
      element('div', {}, element('label', { for: 'why-metric' }, 'Metric or event'), this.#metric),
      element('div', {}, element('label', { for: 'why-labels' }, 'Labels, one a line'), this.#labels),
      element('button', { class: 'primary' }, 'Show its way')
    )
    form.addEventListener('submit', event => {
      event.preventDefault()
      void this.#ask()
    })
    this.node = element('section', { 'aria-label': 'Way of a series' }, form, this.#answer)
    this.#metric.value = place.get('metric') ?? ''
    this.#labels.value = place.get('labels') ?? ''
    if (this.#metric.value !== '') void this.#ask()
  }

  /** Asks about the series of an item. Its secrets are not known here. */
  askAbout({ name, type, kind, attributes }: TapItem): void {
    const known = Object.entries(attributes).filter(([, value]) => value !== '[redacted]')
    this.#metric.value = name
    this.#labels.value = known.map(([key, value]) => `${key}=${value}`).join('\n')
    this.node.scrollIntoView({ block: 'nearest' })
    void this.#ask(type === 'event' ? 'event' : kind)
  }

  close(): void {
    this.#asking?.abort()
  }

  async #ask(kind?: string): Promise<void> {
    this.#asking?.abort()
    this.#asking = new AbortController()
    const { signal } = this.#asking
    const metric = this.#metric.value.trim()
    const labels = this.#labels.value.trim()
    this.#place.set({ metric, labels })
    update(this.#answer, [element('p', { class: 'note' }, 'Watching the receivers for a second …')])
    const label = labels.split('\n').filter(line => line.trim() !== '')
    try {
      const answer = await getJson<WhyAnswer>('/api/why', { query: { metric, label, kind }, signal })
      update(this.#answer, whyAnswer(answer, this.#component))
    } catch (error) {
      if (signal.aborted) return
      update(this.#answer, [element('p', { class: 'message error' }, (error as Error).message)])
    }
  }
}
