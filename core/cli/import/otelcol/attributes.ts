import type { Options } from '../options.ts'
import type { Yaml } from '../yaml.ts'
import type { Conditions } from './conditions.ts'
import { selected } from './filter.ts'
import type { Twins } from './twin.ts'

/** The processors `attributes` and `resource`: actions on attributes, as statements of `transform`. */
export function importAttributes(options: Options): Twins {
  const notes: string[] = []
  const missing: string[] = []
  const match = matchOf(options, notes)
  const actions = [...options.each('actions'), ...options.each('attributes')]
  const statements = actions.flatMap(action => statementsOf(action, match, missing))
  if (statements.length === 0) return { twins: [], notes, missing }
  return { twins: [{ type: 'transform', options: { statements } }], notes, missing }
}

/** The same for resources. Weir writes attributes of the item, which come before those of its resource. */
export function importResource(options: Options): Twins {
  const { twins, notes, missing } = importAttributes(options)
  const writes = JSON.stringify(twins).includes('"set"')
  return {
    twins,
    missing,
    notes: writes
      ? [
          ...notes,
          'transform sets attributes of the item, which stores for Prometheus show on every series, and not on target_info.'
        ]
      : notes
  }
}

function matchOf(options: Options, notes: string[]): Conditions | undefined {
  const [include] = selected(options.at('include'), notes)
  if (options.has('exclude')) {
    options.value('exclude')
    notes.push('exclude has no twin: write its opposite into match of each statement.')
  }
  return include
}

function statementsOf(action: Options, match: Conditions | undefined, missing: string[]): Yaml[] {
  const key = action.text('key') ?? ''
  const kind = action.text('action') ?? ''
  const statement = (own: { readonly [key: string]: Yaml }, extra?: Conditions) => {
    const both = merged(match, extra)
    return [both === undefined ? own : { match: both as Yaml, ...own }]
  }
  const pattern = action.text('pattern')
  if (kind === 'delete') {
    const whole = pattern === undefined ? undefined : { relabel: [{ regex: pattern, action: 'labeldrop' }] }
    return [...(key === '' ? [] : statement({ delete: [key] })), ...(whole === undefined ? [] : statement(whole))]
  }
  if (kind === 'hash') return statement({ hash: { attributes: [key] } })
  if (kind === 'insert' || kind === 'update' || kind === 'upsert') {
    const extra = kind === 'upsert' ? undefined : { attributes: { [key]: { exists: kind === 'update' } } }
    const from = action.text('from_attribute')
    const value = action.value('value') as Yaml | undefined
    if (from !== undefined)
      return statement({ relabel: [{ source_labels: [from], regex: '(.+)', target_label: key }] }, extra)
    if (value !== undefined && (typeof value !== 'object' || value === null))
      return statement({ set: { [key]: value } }, extra)
  }
  if (kind === 'extract' && pattern !== undefined) return statement({ relabel: extractions(key, pattern) })
  missing.push(
    `The action ${kind} of ${key} has no twin${action.unread().length > 0 ? ` (${action.unread().join(', ')})` : ''}.`
  )
  action.keys.forEach(name => void action.value(name))
  return []
}

/** An attribute for each named group of the expression. */
function extractions(key: string, pattern: string): Yaml {
  const groups = [...pattern.matchAll(/\(\?P?<(\w+)>/g)].map(([, name]) => name)
  const regex = `${pattern.startsWith('^') ? '' : '.*?'}${pattern}${pattern.endsWith('$') ? '' : '.*'}`
  return groups.map(group => ({ source_labels: [key], regex, target_label: group, replacement: `$$\{${group}}` }))
}

function merged(match: Conditions | undefined, extra: Conditions | undefined): Conditions | undefined {
  if (match === undefined || extra === undefined) return match ?? extra
  return { ...match, attributes: { ...match.attributes, ...extra.attributes } }
}
