import { type AttributeValue, attributeNumber, attributeText } from '../attributes.ts'
import type { Condition, Scalar, Test, Values } from './config.ts'
import { matchesGlob } from './glob.ts'
import { compileRegex, Memo } from './linear-regex.ts'

/** Tests an attribute's value, which is undefined if the attribute is missing. */
export type Predicate = (value: AttributeValue | undefined) => boolean

export function compileCondition(condition: Condition): Predicate {
  if (typeof condition === 'object' && !isList(condition)) return compileTest(condition)
  return isOneOf(condition)
}

function compileTest(test: Test): Predicate {
  const { regex, not, exists, gt, gte, lt, lte } = test
  const parts: Predicate[] = []
  if (exists !== undefined) parts.push(value => (value !== undefined) === exists)
  if (regex !== undefined) parts.push(isFound(regex))
  if (not !== undefined) {
    const isNot = typeof not === 'object' && 'regex' in not ? isFound(not.regex) : isOneOf(not)
    parts.push(value => !isNot(value))
  }
  if (gt !== undefined) parts.push(value => attributeNumber(value) > gt)
  if (gte !== undefined) parts.push(value => attributeNumber(value) >= gte)
  if (lt !== undefined) parts.push(value => attributeNumber(value) < lt)
  if (lte !== undefined) parts.push(value => attributeNumber(value) <= lte)
  return value => {
    for (const part of parts) if (!part(value)) return false
    return true
  }
}

function isOneOf(values: Values): Predicate {
  const texts = (isList(values) ? values : [values]).map(String)
  const exact = new Set(texts.filter(text => !text.includes('*')))
  const globs = texts.filter(text => text.includes('*'))
  return value => {
    if (value === undefined) return false
    const text = attributeText(value)
    if (exact.has(text)) return true
    for (const glob of globs) if (matchesGlob(glob, text)) return true
    return false
  }
}

function isFound(regex: string): Predicate {
  const compiled = compileRegex(regex)
  const answers = new Memo(text => compiled.test(text))
  return value => value !== undefined && answers.of(attributeText(value))
}

const isList = (values: Condition): values is readonly Scalar[] => Array.isArray(values)
