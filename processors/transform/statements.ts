import { createHash, createHmac } from 'node:crypto'
import { NAME } from '../../core/model/key-by.ts'
import { compileRegex, Memo } from '../../core/model/matching/linear-regex.ts'
import { compileMatch } from '../../core/model/matching/match.ts'
import { compileRelabel } from '../../core/model/relabeling/compile.ts'
import { compileTemplate } from '../../core/model/relabeling/template.ts'
import { attributeText } from '../../sdk/plugin/index.ts'
import type { Statement } from './config.ts'
import { type Draft, isLikeOneOf } from './draft.ts'

/** Changes a draft; false if the item is dropped. */
export type Step = (draft: Draft) => boolean

/** `statement` is as `check` lets it through. */
export function compileStatement({ match, ...statement }: Statement): Step {
  const act = compileAction(statement)
  if (match === undefined) return act
  const compiled = compileMatch(match)
  return draft => !compiled.item(draft) || act(draft)
}

function compileAction(statement: Statement): Step {
  if (statement.relabel !== undefined) {
    const rules = statement.relabel.map(compileRelabel)
    return draft => rules.every(rule => rule(draft))
  }
  const change = compileChange(statement)
  return draft => {
    change(draft)
    return true
  }
}

function compileChange(statement: Statement): (draft: Draft) => void {
  const { rename, set, delete: patterns, rename_attributes, hash, replace } = statement
  if (rename !== undefined) return draft => draft.set(NAME, rename)
  if (set !== undefined) {
    const pairs = Object.entries(set)
    return draft => {
      for (const [key, value] of pairs) draft.set(key, value)
    }
  }
  if (patterns !== undefined) {
    const isGone = isLikeOneOf(patterns)
    return draft => draft.delete(isGone)
  }
  if (rename_attributes !== undefined) return renaming(rename_attributes)
  return hash !== undefined ? hashing(hash) : replacing(replace!)
}

/** If the item has an attribute of the new name already, that one is replaced. */
function renaming(names: Readonly<Record<string, string>>): (draft: Draft) => void {
  const others = new Map(Object.entries(names))
  return draft => {
    const taken = new Set<string>()
    for (const [key] of draft.all()) if (others.has(key)) taken.add(others.get(key)!)
    if (taken.size === 0) return
    draft.delete(key => taken.has(key) && !others.has(key))
    draft.map((key, value) => (others.has(key) ? [others.get(key)!, value] : undefined))
  }
}

function hashing({ attributes, secret }: NonNullable<Statement['hash']>): (draft: Draft) => void {
  const isHashed = isLikeOneOf(attributes)
  const digests = new Memo(text =>
    (secret === undefined ? createHash('sha256') : createHmac('sha256', secret)).update(text).digest('hex')
  )
  return draft => draft.map((key, value) => (isHashed(key) ? [key, digests.of(attributeText(value))] : undefined))
}

/** Replaces every match in the text. A value without a match stays as it is, of whatever type. */
function replacing({ attribute, regex, replacement }: NonNullable<Statement['replace']>): (draft: Draft) => void {
  const compiled = compileRegex(regex)
  const template = compileTemplate(replacement, compiled.namedGroups(), compiled.groupCount())
  const results = new Memo(text => {
    const matcher = compiled.matcher(text)
    let replaced: string | undefined
    let at = 0
    while (matcher.find()) {
      replaced = (replaced ?? '') + text.slice(at, matcher.start()) + template(matcher)
      at = matcher.end()
    }
    return replaced === undefined ? undefined : replaced + text.slice(at)
  })
  if (attribute === NAME) return draft => draft.set(NAME, results.of(draft.name) ?? draft.name)
  return draft =>
    draft.map((key, value) => {
      const replaced = key === attribute ? results.of(attributeText(value)) : undefined
      return replaced === undefined ? undefined : [key, replaced]
    })
}
