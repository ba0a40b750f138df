import { nodeAt, type YamlNode } from '../../config/document.ts'
import { formatPath, type Problems } from '../../config/problems.ts'
import { durationMs } from '../../promql/parser/numbers.ts'
import { parse, parseMatchers, parseSelector } from '../../promql/parser/parse.ts'
import { QueryError } from '../../promql/query-error.ts'
import type { ChartPanel, Dashboard, Panel, Variable } from './dashboard.ts'
import { fillIn, fillInPromql, isMultiple, timeVariables, UnknownVariable, type VariableValues } from './variables.ts'

/** Stands for a value that only the store knows. */
const ANY_VALUE = 'x'

type Path = readonly (string | number)[]
/** Throws if a text is wrong. */
type CheckText = (text: string, values: VariableValues) => void
type Check = (path: Path, text: string | undefined, checkText: CheckText) => void

/** Checks the texts of a dashboard of the right form: variables, queries, selectors, lengths of time. */
export function checkTexts(dashboard: Dashboard, root: YamlNode, problems: Problems): void {
  const values = new Map(timeVariables(1, 1))
  const check: Check = (path, text, checkText) => {
    const message = text === undefined ? undefined : messageOf(() => checkText(text, values))
    if (message !== undefined) problems.error(nodeAt(root, path).position, `${formatPath(path)}: ${message}`)
  }
  for (const [i, variable] of (dashboard.variables ?? []).entries()) {
    const path = ['variables', i]
    if (values.has(variable.name)) check([...path, 'name'], variable.name, twice)
    // A variable may refer to those before it.
    if ('match' in variable) check([...path, 'match'], variable.match, seriesSelector)
    if ('of' in variable) check([...path, 'of'], variable.of, fillIn)
    values.set(variable.name, exampleOf(variable))
  }
  for (const [i, { panels }] of dashboard.rows.entries())
    for (const [j, panel] of panels.entries()) checkPanel(panel, ['rows', i, 'panels', j], check)
}

function checkPanel(panel: Panel, path: Path, check: Check): void {
  const { queries, step, events } = panel as ChartPanel
  if ((queries === undefined) === (events === undefined)) check(path, '', oneOfBoth)
  check([...path, 'title'], panel.title, fillIn)
  check([...path, 'step'], step, length)
  for (const [i, { promql, legend }] of (queries ?? []).entries()) {
    check([...path, 'queries', i, 'promql'], promql, expression)
    check([...path, 'queries', i, 'legend'], legend, fillIn)
  }
  for (const [key, value] of Object.entries(events ?? {})) {
    const at = [...path, 'events', key]
    const checkText = EVENT_TEXTS.get(key) ?? fillIn
    if (typeof value === 'string') check(at, value, checkText)
    if (Array.isArray(value)) for (const [i, text] of value.entries()) check([...at, i], text, checkText)
  }
}

const expression: CheckText = (text, values) => void parse(fillInPromql(text, values), { experimental: true })
const seriesSelector: CheckText = (text, values) => void parseSelector(fillInPromql(text, values))
const eventSelector: CheckText = (text, values) => void parseMatchers(fillInPromql(text, values))
const length: CheckText = (text, values) => {
  const filled = fillIn(text, values)
  if ((durationMs(filled) ?? 0) <= 0) throw new TextError(`"${filled}" is no length of time: use 10s, 5m or 1d`)
}
const twice: CheckText = name => {
  throw new TextError(`another variable is called ${name}: give this one another name`)
}
const oneOfBoth: CheckText = () => {
  throw new TextError('a panel shows either queries or events: give one of the two')
}

/** All others are names. */
const EVENT_TEXTS: ReadonlyMap<string, CheckText> = new Map([
  ['where', eventSelector],
  ['steps', eventSelector],
  ['cohort', eventSelector],
  ['return', eventSelector],
  ['window', length],
  ['period', length]
])

class TextError extends Error {}

function messageOf(checkText: () => void): string | undefined {
  try {
    checkText()
    return undefined
  } catch (error) {
    if (error instanceof QueryError || error instanceof UnknownVariable || error instanceof TextError)
      return error.message
    throw error
  }
}

function exampleOf(variable: Variable): string | readonly string[] {
  if (isMultiple(variable)) return []
  return variable.default ?? (variable.kind === 'fixed' ? variable.values[0] : ANY_VALUE)
}
