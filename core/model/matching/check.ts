import type { ConfigProblem } from '../../schema/json-schema.ts'
import { type Condition, type Conditions, LIMITS, type MatchConfig, type Test } from './config.ts'
import { regexProblem } from './linear-regex.ts'

type Path = readonly (string | number)[]

/** Problems of the `match` at `path` that the schema cannot find: broken expressions, and tests nothing can pass. */
export function checkMatch(match: MatchConfig, path: Path): ConfigProblem[] {
  if (!Array.isArray(match)) return checkConditions(match as Conditions, path)
  return match.flatMap((conditions, i) => checkConditions(conditions, [...path, i]))
}

function checkConditions({ name, attributes = {} }: Conditions, path: Path): ConfigProblem[] {
  const problems = name === undefined ? [] : checkCondition(name, [...path, 'name'])
  for (const [key, condition] of Object.entries(attributes))
    problems.push(...checkCondition(condition, [...path, 'attributes', key]))
  return problems
}

function checkCondition(condition: Condition, path: Path): ConfigProblem[] {
  if (typeof condition !== 'object' || Array.isArray(condition)) return []
  const test = condition as Test
  const problems = checkRegex(test.regex, [...path, 'regex'])
  if (isRegex(test.not)) problems.push(...checkRegex(test.not.regex, [...path, 'not', 'regex']))
  const { gt, gte, lt, lte } = test
  const least = Math.max(gt ?? Number.NEGATIVE_INFINITY, gte ?? Number.NEGATIVE_INFINITY)
  const most = Math.min(lt ?? Number.POSITIVE_INFINITY, lte ?? Number.POSITIVE_INFINITY)
  if (least > most || (least === most && (gt === least || lt === most)))
    problems.push({ path, message: 'no number is within these limits' })
  const wantsValue = test.regex !== undefined || LIMITS.some(limit => test[limit] !== undefined)
  if (test.exists === false && wantsValue)
    problems.push({
      path: [...path, 'exists'],
      message: 'a missing attribute passes no other test; leave one of them out'
    })
  return problems
}

function checkRegex(regex: string | undefined, path: Path): ConfigProblem[] {
  const message = regex === undefined ? undefined : regexProblem(regex)
  return message === undefined ? [] : [{ path, message }]
}

const isRegex = (not: Test['not']): not is { readonly regex: string } => typeof not === 'object' && 'regex' in not
