import type { KeyValue } from './identity.ts'

type Node = { readonly [key: string]: unknown }

/** Fields of OTLP's requests that hold items, and those that lead to them. */
const ITEMS = ['dataPoints', 'logRecords']
const LISTS = ['resourceMetrics', 'scopeMetrics', 'metrics', 'resourceLogs', 'scopeLogs']
const DATA = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']

export interface Half {
  readonly items: number
  readonly json: string
}

/**
 * Two requests with half of the items each.
 * @param json an OTLP request with two items at least
 * @param identity attributes that take the place of those with the same keys in the resources of the second half
 */
export function halves(json: string, identity: readonly KeyValue[]): [Half, Half] {
  const request = JSON.parse(json)
  const all = new Selection(0, Infinity)
  all.of(request)
  const items = all.kept
  const middle = Math.ceil(items / 2)
  const first = JSON.stringify(new Selection(0, middle).of(request))
  for (const { resource } of (request.resourceMetrics ?? request.resourceLogs) as Resourceful[])
    resource.attributes = resource.attributes.map(own => identity.find(({ key }) => key === own.key) ?? own)
  return [
    { items: middle, json: first },
    { items: items - middle, json: JSON.stringify(new Selection(middle, items).of(request)) }
  ]
}

interface Resourceful {
  readonly resource: { attributes: readonly KeyValue[] }
}

/** The items from one place up to another, with all that is around them. */
class Selection {
  kept = 0
  readonly #from: number
  readonly #to: number
  #at = 0

  constructor(from: number, to: number) {
    this.#from = from
    this.#to = to
  }

  of(node: Node): Node {
    const entries = Object.entries(node).map(([key, value]) => {
      if (ITEMS.includes(key)) return [key, (value as unknown[]).filter(() => this.#isWanted())]
      if (LISTS.includes(key)) return [key, this.#list(value as Node[])]
      return [key, DATA.includes(key) ? this.of(value as Node) : value]
    })
    return Object.fromEntries(entries)
  }

  #list(nodes: readonly Node[]): Node[] {
    return nodes.flatMap(node => {
      const before = this.kept
      const part = this.of(node)
      return this.kept > before ? [part] : []
    })
  }

  #isWanted(): boolean {
    const at = this.#at++
    const isWanted = at >= this.#from && at < this.#to
    if (isWanted) this.kept++
    return isWanted
  }
}
