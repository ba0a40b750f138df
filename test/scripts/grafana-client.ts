import assert from 'node:assert/strict'
import type { Dashboard, Panel, RowPanel, VariableModel } from '@grafana/schema'
import jsonata from 'jsonata'
import type { InfinityTarget } from '../../scripts/grafana/event-targets.ts'
import type { PrometheusTarget } from '../../scripts/grafana/panels.ts'
import type { VariableQuery } from '../../scripts/grafana/variables.ts'

const RANGE_S = 600
const STEP_S = 15
const LABEL_VALUES = /^label_values\((?:(.+),\s*)?(.+)\)$/s
const LABEL_NAMES = /^label_names\((.*)\)$/s

type Values = ReadonlyMap<string, string>
type Row = Readonly<Record<string, unknown>>

/** A query of a dashboard, and the rows or series that it has answered with. */
export interface Answered {
  readonly panel: string
  readonly query: string
  readonly found: number
}

/** Asks all queries of a dashboard, as Grafana does for a viewer who changes nothing. @param api URL of the query API */
export async function askDashboard(dashboard: Dashboard, api: string): Promise<Answered[]> {
  const values = await chosenValues(dashboard.templating?.list ?? [], api)
  const answered: Answered[] = []
  for (const panel of panelsOf(dashboard))
    for (const target of panel.targets ?? [])
      answered.push({ panel: panel.title!, ...(await askTarget(target, values, api)) })
  return answered
}

const panelsOf = ({ panels = [] }: Dashboard) =>
  panels.filter((panel: Panel | RowPanel): panel is Panel => panel.type !== 'row')

async function askTarget(target: object, values: Values, api: string): Promise<{ query: string; found: number }> {
  if (!('expr' in target)) {
    const { url, url_options, root_selector } = target as InfinityTarget
    const rows = await rowsOf(target as InfinityTarget, values, api)
    return { query: `${url} ${JSON.stringify(url_options.params)} ${root_selector}`, found: rows.length }
  }
  const { expr, instant } = target as PrometheusTarget
  const query = filledIn(expr, values)
  const now = Math.floor(Date.now() / 1000)
  const range = { start: String(now - RANGE_S), end: String(now), step: String(STEP_S) }
  const { result } = (await ask(
    instant ? `${api}/api/v1/query` : `${api}/api/v1/query_range`,
    new URLSearchParams({ query, ...(instant ? { time: String(now) } : range) })
  )) as { result: unknown[] }
  return { query, found: result.length }
}

/** The values of each variable that a link without any has. */
async function chosenValues(variables: readonly VariableModel[], api: string): Promise<Values> {
  const now = Math.floor(Date.now() / 1000)
  const values = new Map([
    ['__interval', `${STEP_S}s`],
    ['__rate_interval', '60s'],
    ['__range', `${RANGE_S}s`],
    ['__from:date:seconds', String(now - RANGE_S)],
    ['__to:date:seconds', String(now + 1)]
  ])
  for (const { name, type, query, regex, current, allValue } of variables) {
    let value = current?.value ?? ''
    if (type === 'query') {
      const pattern = /^\/(.*)\/$/.exec(regex ?? '')?.[1] ?? ''
      const known = (await namesOf(query as VariableQuery, values, api)).filter(one => new RegExp(pattern).test(one))
      if (value === '' || value === undefined) value = known[0] ?? ''
    }
    const text = Array.isArray(value) ? allValue! : value
    values.set(name, text)
    values.set(`${name}:regex`, text)
  }
  return values
}

async function namesOf(query: VariableQuery, values: Values, api: string): Promise<readonly string[]> {
  if ('infinityQuery' in query) {
    const rows = await rowsOf(query.infinityQuery, values, api)
    return rows.map(row => String(Object.values(row)[0]))
  }
  const text = filledIn(query.query, values)
  const [, names] = LABEL_NAMES.exec(text) ?? []
  if (names !== undefined) return (await ask(`${api}/api/v1/labels`, matching(names))) as string[]
  const [, match, label] = LABEL_VALUES.exec(text)!
  return (await ask(`${api}/api/v1/label/${label}/values?${matching(match)}`)) as string[]
}

const matching = (match: string | undefined) => new URLSearchParams(match === undefined ? {} : { 'match[]': match })

/** The rows that the Infinity data source makes of an answer. */
async function rowsOf(target: InfinityTarget, values: Values, api: string): Promise<Row[]> {
  const parameters = target.url_options.params.map(({ key, value }) => [key, filledIn(value, values)])
  const data = await ask(`${api}/api/v1/events${target.url}?${new URLSearchParams(parameters)}`)
  const found = (await jsonata(target.root_selector).evaluate({ status: 'success', data })) as unknown[]
  assert.ok(Array.isArray(found), `${target.root_selector} is no list`)
  return found.map(one => {
    const cells = target.columns.map(({ selector, type }) => {
      const cell = typeof one === 'object' ? (one as Row)[selector] : one
      if (cell !== undefined && cell !== null)
        assert.equal(typeof cell, type === 'string' ? 'string' : 'number', selector)
      return [selector, cell]
    })
    return Object.fromEntries(cells)
  })
}

function filledIn(text: string, values: Values): string {
  return text.replace(/\$(?:(\w+)|\{([^}]+)\})/g, (whole, plain, braced) => {
    const value = values.get(plain ?? braced)
    assert.ok(value !== undefined, `there is no ${whole} for ${text}`)
    return value
  })
}

async function ask(url: string, form?: URLSearchParams): Promise<unknown> {
  const response = await fetch(url, form === undefined ? {} : { method: 'POST', body: form })
  const { status, data, error } = (await response.json()) as { status: string; data: unknown; error?: string }
  assert.equal(status, 'success', `${url} ${form ?? ''}: ${error}`)
  return data
}
