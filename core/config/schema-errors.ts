import type { ErrorObject } from 'ajv'
import { nodeAt, type YamlNode } from './document.ts'
import { formatPath, type Problems, showValue, suggest } from './problems.ts'

/** Keys of a mapping in a message. */
const MOST_KEYS = 20
const TYPE_NAMES: Record<string, string> = { object: 'a mapping', array: 'a list', integer: 'a whole number' }

interface Subschema {
  readonly properties?: Readonly<Record<string, { readonly description?: string }>>
  readonly description?: string
  readonly pattern?: string
  readonly 'x-expected'?: string
  readonly writeOnly?: boolean
  readonly oneOf?: readonly { readonly properties: Readonly<Record<string, { readonly enum: readonly string[] }>> }[]
}

/** Reports the errors of a schema in `node`, each at the place in the file that is to blame. */
export function reportSchemaErrors(errors: readonly ErrorObject[], node: YamlNode, problems: Problems): void {
  const found = errors.map(error => {
    const path = pathOf(error)
    const at = nodeAt(node, path)
    const key = error.keyword === 'additionalProperties' ? error.params.additionalProperty : undefined
    const entry = key !== undefined && at.type === 'mapping' ? at.entries.get(key) : undefined
    return { position: entry?.keyPosition ?? at.position, message: explain(error, path, at) }
  })
  // A value whose variable could not be filled in was reported as that.
  const news = found.filter(({ position }) => !problems.hasErrorAt(position))
  for (const { position, message } of news) problems.error(position, message)
}

/** The path of an error in the value. */
export function pathOf({ instancePath, keyword, params }: ErrorObject): string[] {
  const path = instancePath.split('/').slice(1).map(unescapePointer)
  return keyword === 'discriminator' ? [...path, params.tag] : path
}

function explain(error: ErrorObject, path: readonly string[], node: YamlNode): string {
  const option = path.length === 0 ? '' : `${formatPath(path)}: `
  const schema = error.parentSchema as Subschema
  // Made when it is told: all unknown options of a mapping have the same data.
  const got = () => (schema.writeOnly === true ? 'a value that is not shown' : describe(error.data, node))
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = error.params.additionalProperty
      return `${option}unknown option "${key}"${suggest(key, Object.keys(schema.properties ?? {}))}`
    }
    case 'required': {
      const missing = error.params.missingProperty
      const description = schema.properties?.[missing]?.description
      return `${option}missing option "${missing}"${description === undefined ? '' : `: ${description}`}`
    }
    case 'type':
      return `${option}expected ${wanted(schema, error.params.type)}, got ${got()}`
    case 'enum': {
      const allowed = (error.params.allowedValues as unknown[]).map(String)
      return `${option}expected one of ${allowed.join(', ')}, got ${got()}${suggestClose(error.data, allowed, node)}`
    }
    case 'pattern':
      return `${option}expected ${schema['x-expected'] ?? `a match of ${schema.pattern}`}, got ${got()}`
    case 'discriminator': {
      const { tag, tagValue } = error.params
      const allowed = schema.oneOf!.flatMap(one => one.properties[tag].enum)
      const seen = describe(tagValue, node)
      return `${option}expected one of ${allowed.join(', ')}, got ${seen}${suggestClose(tagValue, allowed, node)}`
    }
    case 'minItems':
    case 'minProperties':
      return `${option}needs at least ${error.params.limit}, got ${got()}`
    default:
      return `${option}${error.message}, got ${got()}`
  }
}

function wanted(schema: Subschema, types: string | string[]): string {
  const names = [types].flat().map(type => TYPE_NAMES[type] ?? `a ${type}`)
  return schema['x-expected'] ?? names.join(' or ')
}

// Values filled in by variables may be secret, also inside of lists and mappings.
function describe(value: unknown, node: YamlNode): string {
  if (node.type === 'scalar' && node.filledIn !== undefined) return `the value of ${node.filledIn.written}`
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  if (typeof value !== 'object') return showValue(value)
  const keys = Object.keys(value)
  const more = keys.length > MOST_KEYS ? `, and ${keys.length - MOST_KEYS} more` : ''
  return keys.length === 0 ? 'an empty mapping' : `a mapping of ${keys.slice(0, MOST_KEYS).join(', ')}${more}`
}

function suggestClose(value: unknown, allowed: readonly string[], node: YamlNode): string {
  const isSecret = node.type === 'scalar' && node.filledIn !== undefined
  const hint = typeof value === 'string' && !isSecret ? suggest(value, allowed) : ''
  return hint.includes('did you mean') ? hint : ''
}

const unescapePointer = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~')
