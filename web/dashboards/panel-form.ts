import type { Panel } from '../../core/admin/dashboards/dashboard.ts'
import { button, element } from '../ui/dom.ts'
import { choice, type Field, Fields } from './fields.ts'
import { QueryFields } from './query-fields.ts'

const KINDS = ['line', 'bar', 'stacked', 'stat', 'table', 'heatmap', 'top', 'funnel', 'retention'] as const
type Kind = (typeof KINDS)[number]
const UNITS = ['none', 'bytes', 'seconds', 'percent'] as const
/** Kinds that show either queries or events. */
const OF_BOTH: ReadonlySet<Kind> = new Set(['line', 'bar', 'stacked', 'stat', 'table'])

const ABOUT: readonly Field[] = [
  { key: 'title', label: 'Title', type: 'text', required: true },
  { key: 'description', label: 'Description', type: 'text' },
  { key: 'width', label: 'Columns of 12', type: 'number', max: 12, hint: '6' }
]
const STEP: Field = { key: 'step', label: 'Steps in multiples of', type: 'text', hint: '10s' }

const OF: Field = { key: 'of', label: 'Distinct values of', type: 'text', required: true, hint: 'user_id' }
const LIMIT: Field = { key: 'limit', label: 'Most groups', type: 'number', max: 1000 }
const SCOPE: readonly Field[] = [
  { key: 'name', label: 'Name of the events', type: 'text' },
  { key: 'where', label: 'Selector of the events', type: 'text', hint: '{plan="pro"}' }
]
const selector = (key: string, label: string): Field => ({ key, label, type: 'text', required: true, hint: 'signup' })

/** Fields of `events`, by the kind of panel. */
const EVENT_FIELDS: Readonly<Partial<Record<Kind, readonly Field[]>>> = {
  top: [OF, ...SCOPE, LIMIT],
  funnel: [
    OF,
    { key: 'steps', label: 'Selectors of the steps, one a line', type: 'lines', required: true },
    { key: 'window', label: 'Longest time for all steps', type: 'text', hint: '1d' },
    { key: 'by', label: 'By', type: 'text' },
    ...SCOPE
  ],
  retention: [
    OF,
    selector('cohort', 'Selector of events by which one joins'),
    selector('return', 'Selector of events by which one returns'),
    { key: 'period', label: 'Period', type: 'text', hint: '1d' },
    { key: 'periods', label: 'Periods', type: 'number', max: 366, hint: '7' },
    ...SCOPE
  ]
}
const COUNT_FIELDS: readonly Field[] = [
  { ...OF, required: false },
  { key: 'by', label: 'By, one attribute a line', type: 'lines' },
  ...SCOPE,
  LIMIT
]

/** A dialog with the fields of a panel. @param present undefined: a new one @param apply gets the panel as it was made */
export function editPanel(present: Panel | undefined, apply: (panel: Panel) => void): void {
  const form = new PanelForm(present ?? { kind: 'line', title: '', queries: [{ promql: '' }] })
  const dialog = element('dialog', { class: 'panel-form', 'aria-label': 'Panel' })
  const buttons = element(
    'div',
    { class: 'buttons' },
    element('button', { class: 'primary' }, 'Apply'),
    button('Cancel', () => dialog.close())
  )
  const title = element('h2', {}, present === undefined ? 'New panel' : 'Panel')
  const body = element('form', { method: 'dialog' }, title, form.root, buttons)
  body.addEventListener('submit', event => {
    if (form.focusEmpty()) event.preventDefault()
    else apply(form.panel)
  })
  dialog.append(body)
  dialog.addEventListener('close', () => {
    form.close()
    dialog.remove()
  })
  document.body.append(dialog)
  dialog.showModal()
}

class PanelForm {
  readonly root = element('div')
  readonly #about: Fields
  readonly #own = element('div')
  /** Texts of fields that the chosen kind does not have are kept for one that has them. */
  #values: Readonly<Record<string, unknown>>
  #kind: Kind
  #hasEvents: boolean
  #unit: string
  #queries: QueryFields
  #step: Fields
  #events: Fields

  constructor(panel: Panel) {
    this.#kind = panel.kind
    this.#hasEvents = 'events' in panel && panel.events !== undefined
    this.#values = { ...(this.#hasEvents ? (panel as { events: object }).events : {}) }
    this.#unit = ('unit' in panel && panel.unit) || 'none'
    this.#about = new Fields(ABOUT, { ...panel })
    this.#queries = new QueryFields(('queries' in panel && panel.queries) || [])
    this.#step = new Fields([STEP], { ...panel })
    this.#events = new Fields([], {})
    const kinds = choice('Kind', KINDS, this.#kind, kind => {
      this.#kind = kind as Kind
      this.#draw()
    })
    this.root.append(this.#about.root, kinds, this.#own)
    this.#draw()
  }

  get panel(): Panel {
    const about = { kind: this.#kind, ...this.#about.values }
    if (this.#showsEvents) {
      const measure = OF_BOTH.has(this.#kind) ? this.#measure : {}
      return { ...about, ...measure, events: this.#events.values } as unknown as Panel
    }
    const queries = this.#kind === 'heatmap' ? this.#queries.queries.slice(0, 1) : this.#queries.queries
    return { ...about, ...this.#measure, queries } as unknown as Panel
  }

  /** A query that is empty gets the focus. False if there is none. */
  focusEmpty(): boolean {
    return !this.#showsEvents && this.#queries.focusEmpty()
  }

  close(): void {
    this.#queries.close()
  }

  get #measure(): object {
    return { ...(this.#unit === 'none' ? {} : { unit: this.#unit }), ...this.#step.values }
  }

  get #showsEvents(): boolean {
    return OF_BOTH.has(this.#kind) ? this.#hasEvents : this.#kind !== 'heatmap'
  }

  #draw(): void {
    this.#values = { ...this.#values, ...this.#events.values }
    this.#events = new Fields(EVENT_FIELDS[this.#kind] ?? COUNT_FIELDS, this.#values)
    const source = choice('Shows', ['queries', 'events'], this.#hasEvents ? 'events' : 'queries', chosen => {
      this.#hasEvents = chosen === 'events'
      this.#draw()
    })
    const unit = choice('Unit', UNITS, this.#unit, chosen => {
      this.#unit = chosen
    })
    const isOfBoth = OF_BOTH.has(this.#kind)
    this.#own.replaceChildren(
      ...(isOfBoth ? [source] : []),
      ...(isOfBoth || this.#kind === 'heatmap' ? [unit, this.#step.root] : []),
      this.#showsEvents ? this.#events.root : this.#queries.root
    )
  }
}
