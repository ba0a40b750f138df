import type { Dashboard, DashboardList, DashboardSummary } from '../../core/admin/dashboards/dashboard.ts'
import type { Place } from '../app/place.ts'
import { poll } from '../app/poll.ts'
import { element, update } from '../ui/dom.ts'
import { nameForm } from './name-form.ts'
import { listDashboards, saveDashboard, textOf } from './store.ts'

const POLL_MS = 10_000

/** All dashboards, with the mistakes of broken ones. */
export class DashboardChoice {
  readonly root = element('section', { class: 'dashboard-list', 'aria-labelledby': 'dashboards-title' })
  readonly #place: Place
  readonly #list = element('ul')
  readonly #message = element('p', { class: 'message error', role: 'alert', hidden: true })
  readonly #form = nameForm('Name of a new dashboard', 'Create', name => void this.#create(name))
  readonly #ended = new AbortController()

  constructor(place: Place) {
    this.#place = place
    this.#form.hidden = true
    const title = element('h2', { id: 'dashboards-title' }, 'Dashboards')
    this.root.append(title, this.#message, this.#list, this.#form)
    void poll(POLL_MS, () => this.#load(), this.#ended.signal)
  }

  close(): void {
    this.#ended.abort()
  }

  async #load(): Promise<void> {
    try {
      this.#show(await listDashboards(this.#ended.signal))
    } catch (error) {
      if (!this.#ended.signal.aborted) this.#say((error as Error).message)
    }
  }

  #show({ dashboards, isWritable, folderProblem }: DashboardList): void {
    this.#say(folderProblem && `The folder of dashboards: ${folderProblem}`)
    this.#form.hidden = !isWritable
    update(
      this.#list,
      dashboards.map(one => this.#item(one))
    )
  }

  #item({ name, title, source, problems }: DashboardSummary): HTMLElement {
    const href = `#dashboards?name=${encodeURIComponent(name)}`
    return element(
      'li',
      {},
      element('a', { href }, title === '' ? name : title),
      element('small', {}, source === 'ready-made' ? `${name}, comes with Weir` : name),
      problems.length > 0 && element('span', { class: 'badge failed' }, 'broken'),
      ...problems.map(({ line, column, message }) =>
        element('p', { class: 'problem' }, `${name}.json:${line}:${column}: ${message}`)
      )
    )
  }

  async #create(name: string): Promise<void> {
    const empty: Dashboard = { title: name, range: '1h', rows: [{ panels: [] }] }
    try {
      await saveDashboard(name, textOf(empty), undefined)
      this.#place.go('dashboards', { name, edit: 'yes' })
    } catch (error) {
      this.#say((error as Error).message)
    }
  }

  #say(text: string | undefined): void {
    this.#message.hidden = text === undefined
    this.#message.textContent = text ?? ''
  }
}
