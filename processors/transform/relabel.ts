import { createHash } from 'node:crypto'
import { NAME } from '../../core/model/key-by.ts'
import { compileRegex, Memo } from '../../core/model/matching/linear-regex.ts'
import { attributeText } from '../../sdk/plugin/index.ts'
import type { Draft } from './draft.ts'
import type { RelabelRule } from './relabel-config.ts'
import { compileTemplate } from './template.ts'

/**
 * A rule by the semantics of Prometheus; false if the item is dropped. Labels are the item's attributes and its
 * resource's.
 */
export function compileRelabel(rule: RelabelRule): (draft: Draft) => boolean {
  const { action, source_labels, separator, target_label = '', modulus = 1 } = rule
  const source = (draft: Draft) => source_labels.map(label => draft.text(label)).join(separator)
  const write = (make: (text: string) => string) => (draft: Draft) => put(draft, target_label, make(source(draft)))
  switch (action) {
    case 'keep':
    case 'drop': {
      const matches = matching(rule.regex)
      return draft => matches.of(source(draft)) === (action === 'keep')
    }
    case 'keepequal':
    case 'dropequal':
      return draft => (source(draft) === draft.text(target_label)) === (action === 'keepequal')
    case 'lowercase':
      return write(text => text.toLowerCase())
    case 'uppercase':
      return write(text => text.toUpperCase())
    case 'hashmod':
      return write(text => String(createHash('md5').update(text).digest().readBigUInt64BE(8) % BigInt(modulus)))
    case 'labeldrop':
    case 'labelkeep': {
      const matches = matching(rule.regex)
      return change(draft => draft.delete(label => matches.of(label) === (action === 'labeldrop')))
    }
    case 'labelmap':
      return mapping(rule)
    default:
      return replacing(rule, source)
  }
}

/** Both are templates; an empty result takes the label away. */
function replacing(rule: RelabelRule, source: (draft: Draft) => string): (draft: Draft) => boolean {
  const results = expanding(rule.regex, [rule.target_label!, rule.replacement])
  return draft => {
    const result = results.of(source(draft))
    return result === undefined || result[0] === '' || put(draft, result[0], result[1])
  }
}

function mapping({ regex, replacement }: RelabelRule): (draft: Draft) => boolean {
  const names = expanding(regex, [replacement])
  return change(draft => {
    for (const [label, value] of [[NAME, draft.name] as const, ...draft.all()]) {
      const [name] = names.of(label) ?? ['']
      if (name !== '') draft.set(name, attributeText(value))
    }
  })
}

/** True if the expression matches the whole text. */
const matching = (regex: string) => {
  const compiled = anchored(regex)
  return new Memo(text => compiled.matches(text))
}

/** The templates filled in from a text; undefined if the expression does not match it. */
function expanding(regex: string, texts: readonly string[]): Memo<string[] | undefined> {
  const compiled = anchored(regex)
  const templates = texts.map(text => compileTemplate(text, compiled.namedGroups(), compiled.groupCount()))
  return new Memo(text => {
    const matcher = compiled.matcher(text)
    return matcher.matches() ? templates.map(template => template(matcher)) : undefined
  })
}

const anchored = (regex: string) => compileRegex(`^(?s:${regex})$`)

function put(draft: Draft, label: string, value: string): true {
  if (value === '') draft.delete(key => key === label)
  else draft.set(label, value)
  return true
}

const change = (act: (draft: Draft) => void) => (draft: Draft) => {
  act(draft)
  return true
}
