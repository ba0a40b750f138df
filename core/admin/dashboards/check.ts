import { parseYaml } from '../../config/document.ts'
import { Problems } from '../../config/problems.ts'
import { applySchema } from '../../config/schema.ts'
import { reportSchemaErrors } from '../../config/schema-errors.ts'
import { checkTexts } from './check-texts.ts'
import type { Dashboard, DashboardProblem } from './dashboard.ts'
import { DASHBOARD_SCHEMA } from './schema.ts'

export interface CheckedDashboard {
  /** Undefined if there are problems. */
  readonly dashboard: Dashboard | undefined
  /** Of a broken one too, if it can be read. Else empty. */
  readonly title: string
  /** In the order of the text. */
  readonly problems: readonly DashboardProblem[]
}

/** Reads the JSON of a dashboard, and checks all of it: its form, its variables, and each query. */
export function checkDashboard(text: string): CheckedDashboard {
  const problems = new Problems()
  const value = parsed(text, problems)
  // JSON is YAML too, and the reader of YAML knows the place of each value.
  const root = problems.hasErrors ? undefined : parseYaml('', text, undefined, problems)
  if (root === undefined) return { dashboard: undefined, title: '', problems: told(problems) }
  const { errors } = applySchema(DASHBOARD_SCHEMA, value)
  reportSchemaErrors(errors, root, problems)
  if (errors.length === 0) checkTexts(value as Dashboard, root, problems)
  const title = (value as { title?: unknown } | null)?.title
  return {
    dashboard: problems.hasErrors ? undefined : (value as Dashboard),
    title: typeof title === 'string' ? title : '',
    problems: told(problems)
  }
}

/** Undefined if it is no JSON. */
function parsed(text: string, problems: Problems): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const before = text.slice(0, soundLength(text)).split('\n')
    const position = { file: '', line: before.length, column: before.at(-1)!.length + 1 }
    // V8 quotes the text around, or tells an offset, where a place says more.
    const reason = (error as Error).message.replace(
      /(, (\.\.\.)?".*is not valid JSON|( in JSON)? at position .*)$/s,
      ''
    )
    problems.error(position, `it is no JSON: ${reason}`)
    return undefined
  }
}

/** Characters up to the first that cannot stand where it does. */
function soundLength(text: string): number {
  let [sound, broken] = [0, text.length + 1]
  while (broken - sound > 1) {
    const middle = (sound + broken) >> 1
    if (isSound(text.slice(0, middle))) sound = middle
    else broken = middle
  }
  return sound
}

/** Whether it is JSON, or would be if more came. */
function isSound(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    const { message } = error as Error
    const at = /at position (\d+)/.exec(message)?.[1]
    return at === undefined
      ? message.includes('end of JSON')
      : Number(at) >= text.length || message.includes('Unterminated')
  }
}

function told({ all }: Problems): DashboardProblem[] {
  const inOrder = all.toSorted((a, b) => a.position.line - b.position.line || a.position.column - b.position.column)
  return inOrder.map(({ position: { line, column }, message }) => ({ line, column, message }))
}
