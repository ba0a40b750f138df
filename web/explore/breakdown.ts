import { ask } from '../app/promql.ts'

/** A node of `/api/v1/parse_query`, as far as it is read here. */
interface Node {
  readonly type?: string
  readonly name?: string
  readonly param?: Node | null
  readonly matchers?: readonly { readonly name: string; readonly type: string; readonly value: string }[]
  readonly [part: string]: unknown
}

/** The parts of a query that can be changed by clicks. */
export interface QueryParts {
  /** Selectors, as `match[]` takes them. */
  readonly selectors: readonly string[]
  /** The labels it is broken down by. Undefined if it cannot be changed by a click. */
  readonly grouping: readonly string[] | undefined
}

/** `sum by (a, b) (`, or `sum(` */
const AGGREGATION = /\b(sum|avg|min|max|count|group|stddev|stdvar)\s*(?:by\s*\(([^()]*)\)\s*)?\(/i
/** Needed by `histogram_quantile`, whatever else the query is broken down by. */
const BUCKET = 'le'

export async function partsOf(query: string, signal: AbortSignal): Promise<QueryParts> {
  const { data } = await ask<Node>('parse_query', { query }, signal)
  const nodes = [...walk(data)]
  const aggregations = nodes.filter(({ type }) => type === 'aggregation')
  const selectors = nodes.filter(({ type }) => type === 'vectorSelector' || type === 'matrixSelector').map(selectorOf)
  return { selectors: [...new Set(selectors)], grouping: groupingOf(query, aggregations) }
}

/** The query broken down by one label; not at all if it was by that one. */
export function brokenDown(query: string, grouping: readonly string[], label: string): string {
  const isUndone = grouping.includes(label)
  const match = AGGREGATION.exec(withoutStrings(query))
  if (match === null) return isUndone ? query : `sum by (${nameText(label)}) (${query})`
  const kept = grouping.filter(name => name === BUCKET)
  const labels = [...kept, ...(isUndone ? [] : [nameText(label)])]
  const head = labels.length === 0 ? `${match[1]}(` : `${match[1]} by (${labels.join(', ')}) (`
  return query.slice(0, match.index) + head + query.slice(match.index + match[0].length)
}

function groupingOf(query: string, aggregations: readonly Node[]): readonly string[] | undefined {
  if (aggregations.length === 0) return []
  const [{ grouping, without, param }] = aggregations
  if (aggregations.length > 1 || without === true || (param !== null && param !== undefined)) return undefined
  // The other form, `sum(x) by (a)`, is not changed by clicks.
  const found = AGGREGATION.exec(withoutStrings(query))
  const names = grouping as readonly string[]
  return found === null || (names.length > 0 && found[2] === undefined) ? undefined : names
}

function* walk(node: unknown): Generator<Node> {
  if (typeof node !== 'object' || node === null) return
  if (!Array.isArray(node)) yield node as Node
  for (const part of Object.values(node)) yield* walk(part)
}

function selectorOf({ name = '', matchers = [] }: Node): string {
  const texts = matchers
    .filter(matcher => matcher.name !== '__name__' || name === '')
    .map(matcher => `${nameText(matcher.name)}${matcher.type}${JSON.stringify(matcher.value)}`)
  return name === '' || /^[a-zA-Z_:][\w:]*$/.test(name)
    ? `${name}{${texts.join(',')}}`
    : `{${[JSON.stringify(name), ...texts].join(',')}}`
}

/** Names beyond the old rules are quoted. */
export const nameText = (label: string) => (/^[a-zA-Z_]\w*$/.test(label) ? label : JSON.stringify(label))

/** The same length, so that positions are those of the query. */
const withoutStrings = (query: string) =>
  query.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, text => '_'.repeat(text.length))
