import type { Query } from '../../core/admin/dashboards/dashboard.ts'
import { button, element } from '../ui/dom.ts'

interface Inputs {
  readonly root: HTMLElement
  readonly promql: HTMLTextAreaElement
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

  #add({ promql: text, legend: name = '' }: Query): void {
    const promql = element('textarea', { rows: 2, required: true, spellcheck: 'false' })
    promql.value = text
    const legend = element('input', { value: name, placeholder: '{{label}}' })
    const remove = button('Remove query', () => this.#remove(root))
    const root = element(
      'li',
      {},
      element('label', {}, 'PromQL', promql),
      element('label', {}, 'Legend', legend),
      remove
    )
    this.#all = [...this.#all, { root, promql, legend }]
    this.#list.append(root)
  }

  #remove(root: HTMLElement): void {
    if (this.#all.length === 1) return
    this.#all = this.#all.filter(one => one.root !== root)
    root.remove()
  }
}
