import type { EventMatcher, EventScope } from '../../../core/event-queries/event-store.ts'
import { TENANT } from '../../../core/model/tenant.ts'
import { METRIC_NAME } from '../../../core/promql/labels.ts'
import { EVERYTHING } from '../promql/selector.ts'
import { quoted, timeText } from '../promql/sql-text.ts'
import { TENANT_COLUMN } from '../tenant-column.ts'

/** The value of an attribute, or the name of the event, as a String. */
export function fieldOf(attribute: string): string {
  if (attribute === METRIC_NAME) return "CAST(name, 'String')"
  return attribute === TENANT ? `CAST(${TENANT_COLUMN}, 'String')` : `attributes[${quoted(attribute)}]`
}

/** The events of a scope that meet `more`. */
export function scopeCondition({ start, end, matchers }: EventScope, more = EVERYTHING): string {
  return `time >= ${timeText(start)} AND time < ${timeText(end)} AND ${allOf(matchers)} AND ${more}`
}

/** Events that meet all of `matchers`. */
export function allOf(matchers: readonly EventMatcher[]): string {
  if (matchers.length === 0) return EVERYTHING
  return `(${matchers.map(conditionOf).join(' AND ')})`
}

function conditionOf({ name, op, value }: EventMatcher): string {
  // The column itself, for the primary key begins with it.
  const field = name === METRIC_NAME ? 'name' : name === TENANT ? TENANT_COLUMN : fieldOf(name)
  if (op === '=' || op === '!=') return `${field} ${op} ${quoted(value)}`
  // The whole value is matched, and the dot matches line breaks too, as in PromQL.
  return `${op === '!~' ? 'NOT ' : ''}match(${field}, ${quoted(`^(?s:${value})$`)})`
}
