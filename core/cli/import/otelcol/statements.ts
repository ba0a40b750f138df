import { NoTwin, orNoTwin } from '../no-twin.ts'
import { type Options, Options as OptionsOf } from '../options.ts'
import type { Yaml } from '../yaml.ts'
import { conditionsOf, fieldOf, oneOf } from './conditions.ts'
import { type Expr, parseStatement } from './ottl.ts'
import type { Surroundings, Twins } from './twin.ts'

type Call = Expr & { readonly type: 'call' }
type Action = { readonly [key: string]: Yaml }

const SECTIONS = { metrics: 'metric_statements', logs: 'log_statements' } as const
const OTHERS = ['metric_statements', 'log_statements', 'trace_statements', 'profile_statements', 'error_mode']

/** The processor `transform`: statements of OTTL, each a statement of Weir's `transform` or a comment. */
export function importTransform(options: Options, { signal }: Surroundings): Twins {
  const notes: string[] = []
  const missing: string[] = []
  const statements: Yaml[] = []
  for (const item of options.list(SECTIONS[signal])) {
    // A statement, or a group of them with a context and conditions.
    const group = new OptionsOf(item)
    const conditions = group.texts('conditions')
    if (conditions.length > 1) notes.push(`conditions: only the first of ${conditions.join('; ')} is taken.`)
    for (const text of typeof item === 'string' ? [item] : group.texts('statements')) {
      const whole = conditions.length === 0 || text.includes(' where ') ? text : `${text} where ${conditions[0]}`
      statements.push(...read(whole, group, missing))
    }
  }
  for (const other of OTHERS) options.value(other)
  if (statements.length === 0) return { twins: [], notes, missing }
  return { twins: [{ type: 'transform', options: { statements } }], notes, missing }
}

function read(text: string, group: Options, missing: string[]): Yaml[] {
  return orNoTwin(
    () => [statementOf(text, group)],
    reason => {
      missing.push(`Not changed: ${text} has no twin: ${reason}.`)
      return []
    }
  )
}

/** @throws NoTwin if it has none */
function statementOf(text: string, group: Options): Yaml {
  if (group.text('context') === 'scope') throw new NoTwin('attributes of scopes are not changed here')
  const { call, where } = parseStatement(text)
  const action = actionOf(call)
  return where === undefined ? action : { match: oneOf(conditionsOf(where)), ...action }
}

/** @throws NoTwin if it has no twin */
function actionOf({ name, args }: Call): Action {
  const [first, second, third] = args
  if (name === 'set' && args.length === 2) return setAction(first, second)
  if (name === 'delete_key' && isAttributes(first)) return { delete: [plain(textOf(second))] }
  if (name === 'delete_matching_keys' && isAttributes(first))
    return { relabel: [{ regex: `.*(?:${textOf(second)}).*`, action: 'labeldrop' }] }
  if (name === 'keep_keys' && isAttributes(first) && second.type === 'list')
    return { relabel: [{ regex: second.items.map(item => quoted(textOf(item))).join('|'), action: 'labelkeep' }] }
  if (name === 'replace_pattern' && args.length === 3) {
    const field = fieldOf(first)
    const attribute = field === 'name' ? '__name__' : field.attribute
    return { replace: { attribute, regex: textOf(second), replacement: textOf(third) } }
  }
  throw new NoTwin(`the function ${name} with these arguments has no twin`)
}

function setAction(target: Expr, value: Expr): Action {
  const field = fieldOf(target)
  if (field === 'name') return { rename: textOf(value) }
  if (value.type === 'value' && value.value !== null) return { set: { [field.attribute]: value.value } }
  const from = fieldOf(value)
  const source = from === 'name' ? '__name__' : from.attribute
  return { relabel: [{ source_labels: [source], regex: '(.+)', target_label: field.attribute }] }
}

function isAttributes(expr: Expr | undefined): boolean {
  return expr?.type === 'path' && /(^|\.)attributes$/.test(expr.path) && expr.key === undefined
}

function textOf(expr: Expr | undefined): string {
  if (expr?.type !== 'value' || typeof expr.value !== 'string') throw new NoTwin('a text is expected')
  return expr.value
}

/** `*` stands for any characters in `delete`. */
function plain(name: string): string {
  if (name.includes('*')) throw new NoTwin(`an attribute called ${name} cannot be named`)
  return name
}

const quoted = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
