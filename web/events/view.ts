import type { Place } from '../app/place.ts'
import { poll } from '../app/poll.ts'
import { ask, gridOf } from '../app/promql.ts'
import type { View } from '../app/view.ts'
import { PanelView } from '../panels/panel-view.ts'
import { button, element } from '../ui/dom.ts'
import { isLive, RangePicker, rangeOf } from '../ui/range-picker.ts'
import { resolve } from '../ui/time-range.ts'
import { Controls } from './controls.ts'
import { LatestEvents } from './latest.ts'
import { type Catalog, type EventsState, panelsOf, QUESTIONS, type Question, stateOf } from './state.ts'

const FASTEST_REFRESH_MS = 5000
const SLOWEST_REFRESH_MS = 60_000
const LATEST_REFRESH_MS = 2000
const NO_EVENTS =
  'No events in this range. A pipeline with items: [events] and the exporter clickhouse stores them one by one, as in configs/events.yaml.'
const TITLES: Readonly<Record<Question, string>> = {
  counts: 'Counts',
  uniques: 'Distinct',
  top: 'Top values',
  funnel: 'Funnel',
  retention: 'Retention',
  latest: 'Latest'
}

/** Questions about events that are stored one by one. */
export const view: View = (root, place) => {
  const page = new EventsPage(place)
  root.append(...page.parts)
  page.run()
  return page
}

class EventsPage {
  readonly parts: readonly HTMLElement[]
  readonly #place: Place
  readonly #picker: RangePicker
  readonly #controls: Controls
  readonly #questions = element('div', { class: 'buttons', role: 'group', 'aria-label': 'Question' })
  readonly #message = element('p', { class: 'message', role: 'status', hidden: true })
  readonly #answer = element('div', { class: 'event-answer' })
  readonly #latest: LatestEvents
  readonly #unlisten: () => void
  #panels: readonly PanelView[] = []
  /** The panels that are shown, as JSON. */
  #shown = ''
  #run = new AbortController()

  constructor(place: Place) {
    this.#place = place
    this.#picker = new RangePicker(place, () => this.run())
    this.#controls = new Controls(place, () => this.run())
    this.#latest = new LatestEvents(where => {
      place.set({ where })
      this.run()
    })
    this.#unlisten = place.onChange(() => {
      this.#picker.show()
      this.run()
    })
    // People do not come back within minutes.
    if (place.get('from') === undefined) place.set({ from: 'now-24h', to: 'now' })
    this.#picker.show()
    const tools = element('div', { class: 'tools' }, this.#questions, this.#picker.root)
    this.parts = [tools, this.#controls.root, this.#message, this.#answer]
  }

  close(): void {
    this.#run.abort()
    this.#unlisten()
    for (const panel of this.#panels) panel.close()
  }

  /** Asks what the URL says, and again while it is live. */
  run(): void {
    this.#run.abort()
    this.#run = new AbortController()
    const { signal } = this.#run
    const { from, to } = this.#range
    const stepMs = gridOf(from, to).step * 1000
    const isLatest = this.#place.get('ask') === 'latest'
    const everyMs = isLatest ? LATEST_REFRESH_MS : Math.min(SLOWEST_REFRESH_MS, Math.max(FASTEST_REFRESH_MS, stepMs))
    let catalog: Catalog | undefined
    const refresh = async () => {
      try {
        // Names are asked for once beside a live table, which is asked often.
        if (catalog === undefined || catalog.names.length === 0 || !isLatest)
          catalog = await catalogOf(this.#range, signal)
      } catch (error) {
        if (!signal.aborted) this.#fail(error as Error)
        return
      }
      if (!signal.aborted) await this.#answerTo(catalog, signal)
      if (!isLive(this.#place)) this.#run.abort()
    }
    void poll(everyMs, refresh, signal)
  }

  get #range(): { readonly from: number; readonly to: number } {
    return resolve(rangeOf(this.#place))!
  }

  async #answerTo(catalog: Catalog, signal: AbortSignal): Promise<void> {
    const state = stateOf(this.#place, catalog)
    this.#showQuestions(state.question)
    this.#controls.show(state, catalog)
    const isEmpty = catalog.names.length === 0
    this.#say(isEmpty ? NO_EVENTS : undefined)
    this.#answer.hidden = isEmpty && state.question !== 'latest'
    this.#showPanels(state)
    const range = this.#range
    if (state.question === 'latest') {
      const { event, where } = state
      return this.#latest.load({ event, where, ...range, isLive: isLive(this.#place) }, signal)
    }
    await Promise.all(this.#panels.map(panel => panel.load({ ...range, values: new Map() }, signal)))
  }

  #showPanels(state: EventsState): void {
    const panels = panelsOf(state)
    const wanted = JSON.stringify([state.question, panels])
    if (wanted === this.#shown) return
    this.#shown = wanted
    for (const panel of this.#panels) panel.close()
    const onZoom = (from: number, to: number) => this.#picker.choose(String(Math.floor(from)), String(Math.ceil(to)))
    this.#panels = panels.map(panel => new PanelView(panel, { onZoom }))
    const shown = this.#panels.map(({ root }, i) => element('section', {}, element('h2', {}, panels[i].title), root))
    this.#answer.replaceChildren(...(state.question === 'latest' ? [this.#latest.root] : shown))
  }

  #showQuestions(asked: Question): void {
    // Made once: the focus is in them.
    if (this.#questions.childElementCount === 0)
      this.#questions.append(...QUESTIONS.map(one => button(TITLES[one], () => this.#choose(one), { 'data-ask': one })))
    for (const made of this.#questions.querySelectorAll('button'))
      made.setAttribute('aria-pressed', String(made.dataset.ask === asked))
  }

  #choose(question: Question): void {
    this.#place.set({ ask: question === 'counts' ? undefined : question })
    this.run()
  }

  #fail(error: Error): void {
    this.#answer.hidden = true
    this.#say(error.message, true)
  }

  #say(text: string | undefined, isError = false): void {
    this.#message.hidden = text === undefined
    this.#message.className = isError ? 'message error' : 'message'
    this.#message.textContent = text ?? ''
  }
}

async function catalogOf({ from, to }: { from: number; to: number }, signal: AbortSignal): Promise<Catalog> {
  const range = { start: String(from), end: String(to) }
  const named = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name)
  const [names, attributes] = await Promise.all([
    ask<{ names: readonly { name: string }[] }>('events/names', range, signal),
    ask<{ attributes: readonly { name: string }[] }>('events/attributes', range, signal)
  ])
  return { names: named(names.data.names), attributes: named(attributes.data.attributes) }
}
