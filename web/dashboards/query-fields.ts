import type { Query } from '../../core/admin/dashboards/dashboard.ts'
import { apiUrl } from '../app/promql.ts'
import { QueryInput } from '../query-editor/query-input.ts'
import { button, element } from '../ui/dom.ts'

interface Inputs {
  readonly root: HTMLElement
  readonly promql: QueryInput
  readonly legend: HTMLInputElement
}

/** Queries in a form: one at least. */
export class QueryFields {
  readonly root: HTMLElement
  readonly #list = element('ol', { class: 'queries' })
  #all: readonly Inputs[] = []

  constructor(queries: readonly Query[]) {
    this.root = element(
      'div',
      {},
      this.#list,
      button('Add query', () => this.#add({ promql: '' }))
    )
    for (const query of queries.length === 0 ? [{ promql: '' }] : queries) this.#add(query)
  }

  get queries(): readonly Query[] {
    return this.#all.map(({ promql, legend }) => {
      const text = legend.value.trim()
      return { promql: promql.value.trim(), ...(text === '' ? {} : { legend: text }) }
    })
  }

  /** The first field that is empty gets the focus. False if there is none. */
  focusEmpty(): boolean {
    const empty = this.#all.find(({ promql }) => promql.value.trim() === '')
    empty?.promql.focus()
    return empty !== undefined
  }

  close(): void {
    for (const { promql } of this.#all) promql.close()
  }

  #add({ promql: text, legend: name = '' }: Query): void {
    const promql = new QueryInput(text, { label: 'PromQL', api: apiUrl() })
    const legend = element('input', { value: name, placeholder: '{{label}}' })
    const remove = button('Remove query', () => this.#remove(root))
    const root = element(
      'li',
      {},
      element('div', { class: 'field' }, element('span', { 'aria-hidden': 'true' }, 'PromQL'), promql.root),
      element('label', {}, 'Legend', legend),
      remove
    )
    this.#all = [...this.#all, { root, promql, legend }]
    this.#list.append(root)
  }

  #remove(root: HTMLElement): void {
    if (this.#all.length === 1) return
    this.#all.find(one => one.root === root)?.promql.close()
    this.#all = this.#all.filter(one => one.root !== root)
    root.remove()
  }
}
