import { NAME } from '../../core/model/key-by.ts'
import { checkMatch } from '../../core/model/matching/check.ts'
import { type MatchConfig, matchSchema, type Scalar } from '../../core/model/matching/config.ts'
import { regexProblem } from '../../core/model/matching/linear-regex.ts'
import { checkRelabel, RELABEL_SCHEMA, type RelabelRule } from '../../core/model/relabeling/config.ts'
import type { ConfigProblem, ConfigSchema, JsonSchema } from '../../sdk/plugin/index.ts'

export interface Config {
  readonly statements: readonly Statement[]
}

/** One action, and its operands. */
export interface Statement {
  readonly match?: MatchConfig
  readonly rename?: string
  readonly set?: Readonly<Record<string, Scalar>>
  readonly delete?: readonly string[]
  readonly rename_attributes?: Readonly<Record<string, string>>
  readonly hash?: { readonly attributes: readonly string[]; readonly secret?: string }
  readonly replace?: { readonly attribute: string; readonly regex: string; readonly replacement: string }
  readonly relabel?: readonly RelabelRule[]
}

const ACTIONS = ['rename', 'set', 'delete', 'rename_attributes', 'hash', 'replace', 'relabel'] as const

const TEXT: JsonSchema = { type: 'string', minLength: 1 }
const TEXTS: JsonSchema = { type: 'array', items: TEXT, minItems: 1 }

const STATEMENT: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    match: matchSchema('Items that the action applies to, as they are after the statements before; without it, all.'),
    rename: TEXT,
    set: { type: 'object', minProperties: 1, additionalProperties: { type: ['string', 'number', 'boolean'] } },
    delete: TEXTS,
    rename_attributes: { type: 'object', minProperties: 1, additionalProperties: TEXT },
    hash: {
      type: 'object',
      required: ['attributes'],
      additionalProperties: false,
      properties: { attributes: TEXTS, secret: { ...TEXT, writeOnly: true } }
    },
    replace: {
      type: 'object',
      required: ['attribute', 'regex', 'replacement'],
      additionalProperties: false,
      properties: { attribute: TEXT, regex: TEXT, replacement: { type: 'string' } }
    },
    relabel: RELABEL_SCHEMA
  }
}

export const schema: ConfigSchema = {
  type: 'object',
  required: ['statements'],
  properties: {
    statements: {
      type: 'array',
      minItems: 1,
      items: STATEMENT,
      description:
        'Statements, applied one after the other: each has one of rename, set, delete, rename_attributes, hash, replace and relabel, and may have a match.'
    }
  }
}

export function check({ statements }: Config): ConfigProblem[] {
  return statements.flatMap((statement, i) => checkStatement(statement, ['statements', i]))
}

function checkStatement(statement: Statement, path: readonly (string | number)[]): ConfigProblem[] {
  const { match, replace, relabel, rename_attributes = {} } = statement
  const problems: ConfigProblem[] = []
  const actions = ACTIONS.filter(action => statement[action] !== undefined)
  if (actions.length === 0) problems.push({ path, message: `it does nothing; give it one of ${ACTIONS.join(', ')}` })
  if (actions.length > 1)
    problems.push({ path, message: `it has ${actions.join(' and ')}: make a statement of each, in the order you want` })
  if (match !== undefined) problems.push(...checkMatch(match, [...path, 'match']))
  const broken = replace === undefined ? undefined : regexProblem(replace.regex)
  if (broken !== undefined) problems.push({ path: [...path, 'replace', 'regex'], message: broken })
  const attributes = [
    ...Object.entries(rename_attributes).flat(),
    ...(statement.delete ?? []),
    ...(statement.hash?.attributes ?? [])
  ]
  if (attributes.includes(NAME))
    problems.push({
      path,
      message: `${NAME} stands for the name, which is no attribute: change it by rename or replace`
    })
  for (const [i, rule] of (relabel ?? []).entries()) problems.push(...checkRelabel(rule, [...path, 'relabel', i]))
  return problems
}
