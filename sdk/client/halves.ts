import type { KeyValue } from './identity.ts'

type Node = { readonly [key: string]: unknown }

/** Fields of OTLP's requests that hold items, and those that lead to them. */
const ITEMS = /^(dataPoints|logRecords)$/
const PATH = /^((resource|scope)(Metrics|Logs)|metrics|gauge|sum|histogram|exponentialHistogram|summary)$/

/**
 * The JSON of two requests with half of the items each.
 * @param json an OTLP request
 * @param items in it, two at least
 * @param identity attributes that take the place of those with the same keys in the resources of the second half
 */
export function halves(json: string, items: number, identity: readonly KeyValue[]): readonly [string, string] {
  const request = JSON.parse(json)
  const middle = Math.ceil(items / 2)
  const first = JSON.stringify(part(request, 0, middle))
  for (const { resource } of request.resourceMetrics ?? request.resourceLogs)
    resource.attributes = resource.attributes.map((own: KeyValue) => identity.find(({ key }) => key === own.key) ?? own)
  return [first, JSON.stringify(part(request, middle, items))]
}

/** The items from one place up to another, with all that is around them. */
function part(request: Node, from: number, to: number): Node {
  let at = 0
  let kept = 0
  const isWanted = () => {
    const isIn = at >= from && at < to
    at++
    if (isIn) kept++
    return isIn
  }
  const list = (nodes: readonly Node[]) =>
    nodes.flatMap(node => {
      const before = kept
      const copy = of(node)
      return kept > before ? [copy] : []
    })
  const of = (node: Node): Node => {
    const copy: { [key: string]: unknown } = { ...node }
    for (const key of Object.keys(node)) {
      const value = node[key]
      if (ITEMS.test(key)) copy[key] = (value as unknown[]).filter(isWanted)
      else if (PATH.test(key)) copy[key] = Array.isArray(value) ? list(value) : of(value as Node)
    }
    return copy
  }
  return of(request)
}
