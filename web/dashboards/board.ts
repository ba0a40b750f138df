import type { Dashboard } from '../../core/admin/dashboards/dashboard.ts'
import type { Place } from '../app/place.ts'
import { poll } from '../app/poll.ts'
import { gridOf } from '../app/promql.ts'
import { element } from '../ui/dom.ts'
import { isLive, RangePicker, rangeOf } from '../ui/range-picker.ts'
import { resolve } from '../ui/time-range.ts'
import { BoardTools, brokenHead } from './board-tools.ts'
import { drafts } from './drafts.ts'
import {
  movedPanel,
  type PanelPlace,
  withNewRow,
  withoutPanel,
  withoutRow,
  withPanel,
  withRowTitle,
  withVariables
} from './edits.ts'
import { Grid } from './grid.ts'
import { editPanel } from './panel-form.ts'
import { loadDashboard, removeDashboard, type StoredDashboard, saveDashboard, textOf } from './store.ts'
import { editText } from './text-editor.ts'
import { VariableBar } from './variable-bar.ts'
import { editVariables } from './variable-form.ts'

const FASTEST_REFRESH_MS = 5000
const SLOWEST_REFRESH_MS = 60_000
const RETRY_MS = 5000
/** New values of variables are looked for as seldom. */
const REFRESHES_A_LIST = 12

/** One dashboard: it is looked at, and edited. */
export class Board {
  readonly root = element('div')
  readonly #name: string
  readonly #place: Place
  readonly #onGone: () => void
  readonly #message = element('p', { class: 'message error', role: 'alert', hidden: true })
  readonly #picker: RangePicker
  readonly #unlisten: () => void
  #stored: StoredDashboard | undefined
  /** As it is now, saved or not. */
  #dashboard: Dashboard | undefined
  #tools: BoardTools | undefined
  #bar: VariableBar | undefined
  #grid: Grid | undefined
  #run = new AbortController()
  /** Times that it was loaded anew. */
  #opened = 0
  /** Settles with the last save. */
  #saved: Promise<unknown> = Promise.resolve()

  /** @param onGone the URL names another dashboard, or none */
  constructor(name: string, place: Place, onGone: () => void) {
    this.#name = name
    this.#place = place
    this.#onGone = onGone
    this.#picker = new RangePicker(place, () => this.#start())
    this.#unlisten = place.onChange(() => this.#follow())
    this.root.append(element('p', { class: 'note', role: 'status' }, 'Loading…'))
    this.#open()
  }

  close(): void {
    this.#run.abort()
    this.#unlisten()
    this.#grid?.close()
    this.#tools?.close()
  }

  /** Loads the dashboard, again and again until the server has answered. */
  #open(): void {
    this.#run.abort()
    this.#run = new AbortController()
    this.#opened++
    const { signal } = this.#run
    void poll(
      RETRY_MS,
      async () => {
        try {
          await this.#saved
          const stored = await loadDashboard(this.#name)
          if (!signal.aborted) this.#show(stored)
        } catch (error) {
          if (!signal.aborted) this.#fail(error as Error)
        }
      },
      signal
    )
  }

  #show(stored: StoredDashboard): void {
    this.#run.abort()
    this.#stored = stored
    if (stored.summary.problems.length > 0) return this.#showBroken(stored)
    const draft = this.#isEditing ? drafts.get(this.#name) : undefined
    // What somebody else has stored since is not to be overwritten by it.
    if (draft !== undefined) this.#stored = { ...stored, version: draft.version }
    this.#draw(draft?.dashboard ?? JSON.parse(stored.text))
  }

  /** Shows `dashboard`, which need not be saved, and asks for its panels. */
  #draw(dashboard: Dashboard): void {
    this.#dashboard = dashboard
    if (this.#place.get('from') === undefined && dashboard.range !== undefined)
      this.#place.set({ from: `now-${dashboard.range}`, to: 'now' })
    this.#picker.show()
    this.#grid?.close()
    this.#tools?.close()
    this.#bar = new VariableBar(dashboard.variables ?? [], this.#place, () => this.#start())
    const isEditing = this.#isEditing
    const zoom = (from: number, to: number) => this.#picker.choose(String(Math.floor(from)), String(Math.ceil(to)))
    const edits = isEditing ? this.#edits : undefined
    this.#grid = new Grid(dashboard, { cursor: 'dashboard', onZoom: isEditing ? undefined : zoom }, edits)
    this.#tools = this.#makeTools(dashboard)
    const controls = element('div', { class: 'tools' }, this.#picker.root, this.#bar.root)
    keepingFocus(this.root, () =>
      this.root.replaceChildren(this.#tools!.root, controls, this.#message, this.#grid!.root)
    )
    this.#say(undefined)
    this.#start()
  }

  get #isEditing(): boolean {
    return this.#place.get('edit') === 'yes' && this.#stored?.isWritable === true
  }

  #makeTools(dashboard: Dashboard): BoardTools {
    const { summary, isWritable, text, version } = this.#stored!
    const isChanged = textOf(dashboard) !== textOf(JSON.parse(text))
    if (isChanged) drafts.set(this.#name, { version, dashboard })
    else drafts.delete(this.#name)
    return new BoardTools(
      dashboard,
      { isChanged, isEditing: this.#isEditing },
      {
        onEdit: isWritable ? () => this.#setEditing(true) : undefined,
        onDone: () => this.#setEditing(false),
        onSave: () => void this.#save(),
        onAddRow: () => this.#draw(withNewRow(this.#dashboard!)),
        onVariables: () => this.#editVariables(),
        onText: () => editText(textOf(this.#dashboard!), edited => this.#saveText(edited)),
        onCopy: name => void this.#copy(name),
        onRemove: summary.source === 'file' ? () => void this.#remove() : undefined,
        onTitle: title => this.#draw({ ...this.#dashboard!, title })
      }
    )
  }

  #editVariables(): void {
    const dashboard = this.#dashboard!
    editVariables(dashboard.variables ?? [], variables => this.#draw(withVariables(dashboard, variables)))
  }

  readonly #edits = {
    edit: (at: PanelPlace) => {
      const present = this.#dashboard!.rows[at.row].panels[at.panel]
      editPanel(present, panel => this.#draw(withPanel(this.#dashboard!, at, panel)))
    },
    move: (at: PanelPlace, by: -1 | 1) => this.#draw(movedPanel(this.#dashboard!, at, by)),
    remove: (at: PanelPlace) => this.#draw(withoutPanel(this.#dashboard!, at)),
    titleRow: (row: number, title: string) => this.#draw(withRowTitle(this.#dashboard!, row, title)),
    removeRow: (row: number) => this.#draw(withoutRow(this.#dashboard!, row))
  }

  /** The end of editing is also that of changes that were not saved. */
  #setEditing(isEditing: boolean): void {
    this.#place.set({ edit: isEditing ? 'yes' : undefined })
    drafts.delete(this.#name)
    this.#open()
  }

  async #save(): Promise<void> {
    try {
      await this.#saveText(textOf(this.#dashboard!))
    } catch (error) {
      this.#say((error as Error).message)
    }
  }

  /** Saves come one after the other, each over the version that the last one made. Rejects with the server's words. */
  #saveText(text: string): Promise<void> {
    const [opened, before] = [this.#opened, this.#dashboard]
    const saving = this.#saved.then(async () => {
      await saveDashboard(this.#name, text, this.#stored!.version)
      const stored = await loadDashboard(this.#name)
      // It may be open anew by now, or edited on. What was typed since is to stay.
      if (opened !== this.#opened) return
      if (this.#dashboard === before) drafts.delete(this.#name)
      else drafts.set(this.#name, { version: stored.version, dashboard: this.#dashboard! })
      this.#show(stored)
    })
    this.#saved = saving.catch(() => {})
    return saving
  }

  /** Opens the copy. What it is a copy of stays as it is stored. */
  async #copy(name: string): Promise<void> {
    try {
      await saveDashboard(name, textOf(this.#dashboard!), undefined)
      drafts.delete(this.#name)
      this.#place.go('dashboards', { name, edit: 'yes' })
    } catch (error) {
      this.#say((error as Error).message)
    }
  }

  async #remove(): Promise<void> {
    try {
      await removeDashboard(this.#stored!)
      this.#place.go('dashboards')
      this.#onGone()
    } catch (error) {
      this.#say((error as Error).message)
    }
  }

  /** Loads the variables and panels, and again while it is live. */
  #start(): void {
    this.#run.abort()
    this.#run = new AbortController()
    const { signal } = this.#run
    const { from, to } = this.#range
    const everyMs = Math.min(SLOWEST_REFRESH_MS, Math.max(FASTEST_REFRESH_MS, gridOf(from, to).step * 1000))
    // Data may come later than the page.
    let hasValues = false
    let refreshes = 0
    const refresh = async () => {
      const range = this.#range
      try {
        if (!hasValues || ++refreshes % REFRESHES_A_LIST === 0) await this.#bar!.load(range, signal)
        hasValues = this.#bar!.isComplete
        if (!signal.aborted) this.#say(undefined)
      } catch (error) {
        if (!signal.aborted) this.#say((error as Error).message)
      }
      if (!signal.aborted) await this.#grid!.load({ ...range, values: this.#bar!.values }, signal)
      // Panels that come into sight later are loaded too, so the signal stays.
      if (!isLive(this.#place) && hasValues) await new Promise(resolve => signal.addEventListener('abort', resolve))
    }
    void poll(everyMs, refresh, signal)
  }

  get #range(): { readonly from: number; readonly to: number } {
    return resolve(rangeOf(this.#place))!
  }

  /** The URL was changed by somebody else. */
  #follow(): void {
    if (this.#place.tab !== 'dashboards' || this.#place.get('name') !== this.#name) return
    if (this.#stored === undefined || this.#stored.summary.problems.length > 0) return
    this.#draw(this.#isEditing ? this.#dashboard! : JSON.parse(this.#stored.text))
  }

  #showBroken({ name, text, isWritable, summary }: StoredDashboard): void {
    const problems = summary.problems.map(({ line, column, message }) =>
      element('li', {}, `${name}.json:${line}:${column}: ${message}`)
    )
    const head = brokenHead(name, isWritable ? () => editText(text, edited => this.#saveText(edited)) : undefined)
    const message = element('p', { class: 'message error', role: 'alert' }, 'This dashboard is broken:')
    this.root.replaceChildren(head, message, element('ul', { class: 'problems' }, ...problems))
  }

  #fail(error: Error): void {
    this.#say(error.message)
    this.root.replaceChildren(this.#message)
  }

  #say(text: string | undefined): void {
    this.#message.hidden = text === undefined
    this.#message.textContent = text ?? ''
  }
}

/** Replaces what is in `root`. The focus goes to the control of the same name, so that a keyboard can go on. */
function keepingFocus(root: HTMLElement, replace: () => void): void {
  const { activeElement } = document
  const name = activeElement !== null && root.contains(activeElement) ? nameOf(activeElement) : undefined
  replace()
  if (name === undefined) return
  const controls = root.querySelectorAll<HTMLElement>('button, input, summary, select')
  Array.from(controls)
    .find(control => nameOf(control) === name)
    ?.focus()
}

const nameOf = (control: Element) => control.getAttribute('aria-label') ?? control.textContent
