import { createHash } from 'node:crypto'
import { type AttributeValue, attributeText } from '../attributes.ts'
import { NAME } from '../key-by.ts'
import { compileRegex, Memo } from '../matching/linear-regex.ts'
import type { RelabelRule } from './config.ts'
import { compileTemplate } from './template.ts'

/** Labels while they are changed. The name is one of them. */
export interface Relabeled {
  readonly name: string
  /** Empty if the label is missing. */
  text(label: string): string
  set(label: string, value: AttributeValue): void
  delete(isGone: (label: string) => boolean): void
  /** Every label once, without the name. */
  all(): Iterable<readonly [label: string, value: AttributeValue]>
}

/** A rule by the semantics of Prometheus; false if its labels are dropped. */
export function compileRelabel(rule: RelabelRule): (labels: Relabeled) => boolean {
  const { action, source_labels, separator, target_label = '', modulus = 1 } = rule
  const source = (labels: Relabeled) => source_labels.map(label => labels.text(label)).join(separator)
  const write = (make: (text: string) => string) => (labels: Relabeled) =>
    put(labels, target_label, make(source(labels)))
  switch (action) {
    case 'keep':
    case 'drop': {
      const matches = matching(rule.regex)
      return labels => matches.of(source(labels)) === (action === 'keep')
    }
    case 'keepequal':
    case 'dropequal':
      return labels => (source(labels) === labels.text(target_label)) === (action === 'keepequal')
    case 'lowercase':
      return write(text => text.toLowerCase())
    case 'uppercase':
      return write(text => text.toUpperCase())
    case 'hashmod':
      return write(text => String(createHash('md5').update(text).digest().readBigUInt64BE(8) % BigInt(modulus)))
    case 'labeldrop':
    case 'labelkeep': {
      const matches = matching(rule.regex)
      return change(labels => labels.delete(label => matches.of(label) === (action === 'labeldrop')))
    }
    case 'labelmap':
      return mapping(rule)
    default:
      return replacing(rule, source)
  }
}

/** Both are templates; an empty result takes the label away. */
function replacing(rule: RelabelRule, source: (labels: Relabeled) => string): (labels: Relabeled) => boolean {
  const results = expanding(rule.regex, [rule.target_label!, rule.replacement])
  return labels => {
    const result = results.of(source(labels))
    return result === undefined || result[0] === '' || put(labels, result[0], result[1])
  }
}

function mapping({ regex, replacement }: RelabelRule): (labels: Relabeled) => boolean {
  const names = expanding(regex, [replacement])
  return change(labels => {
    for (const [label, value] of [[NAME, labels.name] as const, ...labels.all()]) {
      const [name] = names.of(label) ?? ['']
      if (name !== '') labels.set(name, attributeText(value))
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

function put(labels: Relabeled, label: string, value: string): true {
  if (value === '') labels.delete(key => key === label)
  else labels.set(label, value)
  return true
}

const change = (act: (labels: Relabeled) => void) => (labels: Relabeled) => {
  act(labels)
  return true
}
