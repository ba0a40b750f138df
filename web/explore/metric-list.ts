import { ask, type Grid, labelValues } from '../app/promql.ts'
import { statusFeed } from '../app/status.ts'
import { button, element } from '../ui/dom.ts'
import { duration } from '../ui/format.ts'
import { type Metadata, metadataOf } from './metadata.ts'

/** More names than this are found by typing. */
const MOST_NAMES = 60
/** Known to the filter. */
const MOST_ASKED = 10_000
const LEAST_WINDOW_S = 60
/** There is always one, which says nothing. */
const ALWAYS_THERE = 'target_info'
/** Those of the job that scrapes Weir itself, as the quickstart names it, come last. */
const NOT_OWN = '{__name__!="",job!="weir"}'

/** The metrics there are, each with a query that suits its type. */
export class MetricList {
  readonly root = element('section', { class: 'metric-list', 'aria-label': 'Metrics' })
  readonly #filter = element('input', { type: 'search', placeholder: 'Filter metrics', 'aria-label': 'Filter metrics' })
  readonly #list = element('ul', { role: 'list' })
  readonly #ownTitle = element('summary')
  readonly #ownList = element('ul', { role: 'list' })
  readonly #own = element('details', {}, this.#ownTitle, this.#ownList)
  readonly #choose: (query: string) => void
  #names: readonly string[] = []
  #ownNames: readonly string[] = []
  #asked: string | undefined
  #metadata: Metadata = {}
  #step = 1

  constructor(choose: (query: string) => void) {
    this.#choose = choose
    this.root.append(element('h2', {}, 'Metrics'), this.#filter, this.#list, this.#own)
    this.#filter.addEventListener('input', () => this.#draw())
  }

  /** Asks for the metrics of a range. */
  async load(grid: Grid, signal: AbortSignal): Promise<void> {
    const [all, names, { data }] = await Promise.all([
      labelValues('__name__', { grid, limit: MOST_ASKED }, signal),
      labelValues('__name__', { grid, limit: MOST_ASKED, matchers: [NOT_OWN] }, signal),
      ask<Metadata>('metadata', {}, signal)
    ])
    const asked = `${all} ${names} ${grid.step}`
    if (asked === this.#asked) return
    this.#asked = asked
    this.#names = names.filter(name => name !== ALWAYS_THERE)
    this.#ownNames = all.filter(name => !names.includes(name))
    this.#metadata = data
    this.#step = grid.step
    this.#draw()
  }

  #draw(): void {
    this.#list.replaceChildren(...(this.#names.length === 0 ? [firstSteps()] : this.#itemsOf(this.#names)))
    this.#own.hidden = this.#ownNames.length === 0
    this.#ownTitle.textContent = `Weir’s own (${this.#ownNames.length})`
    this.#ownList.replaceChildren(...this.#itemsOf(this.#ownNames))
  }

  #itemsOf(names: readonly string[]): HTMLElement[] {
    const wanted = this.#filter.value.toLowerCase()
    const found = names.filter(name => name.toLowerCase().includes(wanted))
    const items: HTMLElement[] = found.slice(0, MOST_NAMES).map(name => {
      const { type = '', help = '' } = metadataOf(this.#metadata, name)
      const choose = button(name, () => this.#choose(queryFor(name, type, this.#step)), { title: help || undefined })
      return element('li', {}, choose, ' ', element('small', {}, type))
    })
    if (found.length > MOST_NAMES)
      items.push(element('li', { class: 'note' }, `${found.length - MOST_NAMES} more: type a part of their name.`))
    return items
  }
}

/** The commands that the terminal shows too. */
function firstSteps(): HTMLElement {
  const commands = statusFeed.latest?.sendCommands ?? []
  const text = commands.length === 0 ? '' : ' Paste this into a terminal:'
  return element(
    'li',
    { class: 'first-steps' },
    element('p', {}, `No metrics in this range yet.${text}`),
    ...commands.map(command => element('pre', { tabindex: 0, 'aria-label': 'Command' }, command))
  )
}

/** A first query. Its window has a few samples, and no gap from step to step. */
function queryFor(name: string, type: string, step: number): string {
  const selector = /^[a-zA-Z_:][\w:]*$/.test(name) ? name : `{${JSON.stringify(name)}}`
  const window = duration(Math.max(LEAST_WINDOW_S, step)).replace(' 0s', '').replaceAll(' ', '')
  if (name.endsWith('_bucket')) return `sum by (le) (increase(${selector}[${window}]))`
  return type === 'counter' || name.endsWith('_total') ? `sum(rate(${selector}[${window}]))` : selector
}
