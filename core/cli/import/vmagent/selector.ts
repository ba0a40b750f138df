import type { Matcher } from '../../../promql/matcher.ts'
import { parseMatchers } from '../../../promql/parser/parse.ts'
import { QueryError } from '../../../promql/query-error.ts'
import { NoTwin } from '../no-twin.ts'
import type { Yaml } from '../yaml.ts'

export type Condition = { readonly [key: string]: Yaml }

const NAME_LABEL = '__name__'
/** Labels that the receiver makes attributes of the resource. */
const RESOURCE_LABELS: Readonly<Record<string, string>> = { job: 'service.name', instance: 'service.instance.id' }
const TEXT = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g
const PLAIN_WORDS = /^[\w.:|*-]+$/

/** The attribute in Weir of a label of Prometheus. */
export const attributeOf = (label: string) => RESOURCE_LABELS[label] ?? label

/**
 * Conditions of a series selector, or of a list of which one has to match. Undefined: all series.
 * @throws NoTwin saying what cannot be read
 */
export function conditionsOf(selectors: readonly string[]): Condition | Condition[] | undefined {
  const conditions = selectors.flatMap(alternatives).map(selector => conditionOf(matchersOf(selector)))
  if (conditions.length === 0 || conditions.some(condition => Object.keys(condition).length === 0)) return undefined
  return conditions.length === 1 ? conditions[0] : conditions
}

/** MetricsQL's `{a="b" or c="d"}`: a selector each. */
function alternatives(selector: string): string[] {
  const [, name, inside] = /^\s*([\w:]*)\s*\{([\s\S]*)\}\s*$/.exec(selector) ?? []
  if (inside === undefined) return [selector]
  const texts: string[] = []
  const masked = inside.replaceAll(TEXT, text => `\0${texts.push(text) - 1}\0`)
  const parts = masked.split(/\s+or\s+/i).map(part => part.replaceAll(/\0(\d+)\0/g, (_, i) => texts[Number(i)]))
  return parts.map(part => `${name}{${part.trim().replace(/^,|,$/g, '')}}`)
}

function matchersOf(selector: string): readonly Matcher[] {
  try {
    return parseMatchers(selector)
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw new NoTwin(`its match cannot be read: ${error.message}`)
  }
}

function conditionOf(matchers: readonly Matcher[]): Condition {
  const attributes: Record<string, Yaml> = {}
  const condition: Record<string, Yaml> = {}
  for (const [label, own] of Map.groupBy(matchers, ({ name }) => name)) {
    if (label !== NAME_LABEL) {
      attributes[attributeOf(label)] = testOfAll(label, own)
      continue
    }
    // Every series has a name.
    const asked = own.filter(({ op, value }) => op !== '!=' || value !== '')
    if (asked.some(({ value }) => value === '')) throw new NoTwin('no series is without a name')
    if (asked.length > 0) condition.name = testOfAll(label, asked)
  }
  if (Object.keys(attributes).length > 0) condition.attributes = attributes
  return condition
}

/** The test of a label for which all matchers hold: what it must not be is one expression. */
function testOfAll(label: string, matchers: readonly Matcher[]): Yaml {
  if (matchers.length === 1) return testOf(matchers[0])
  if (!matchers.every(({ op, value }) => op.startsWith('!') && value !== ''))
    throw new NoTwin(`it has two conditions on the label ${label}: write them as one expression`)
  const value = matchers.map(({ op, value }) => (op === '!~' ? value : quoted(value))).join('|')
  return testOf({ op: '!~', value })
}

function testOf({ op, value }: Pick<Matcher, 'op' | 'value'>): Yaml {
  const isNegative = op.startsWith('!')
  if (value === '') return { exists: isNegative }
  const test = op.endsWith('~') ? expressionTest(value) : plainTest(value)
  return isNegative ? { not: test } : test
}

// `*` is any characters in Weir, and an asterisk in a selector.
const plainTest = (value: string): Yaml => (value.includes('*') ? { regex: `^${quoted(value)}$` } : value)

/** `a|b` as a list and `a.*` as a pattern, as people write them. */
function expressionTest(regex: string): Yaml {
  const words = regex.replaceAll('.*', '*').replaceAll('.+', '+')
  if (!PLAIN_WORDS.test(words) || /\.(?![*])/.test(regex)) return { regex: `^(?:${regex})$` }
  const values = words.split('|')
  return values.length === 1 ? values[0] : values
}

const quoted = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
