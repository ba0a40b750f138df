import type { ErrorObject } from 'ajv'
import { nodeAt, type YamlNode } from './document.ts'
import { formatPath, type Problems, showValue, suggest } from './problems.ts'

const TYPE_NAMES: Record<string, string> = { object: 'a mapping', array: 'a list', integer: 'a whole number' }

interface Subschema {
  readonly properties?: Readonly<Record<string, { readonly description?: string }>>
  readonly description?: string
  readonly pattern?: string
  readonly 'x-expected'?: string
}

/** Reports what a schema found wrong with `node`, each at the place in the file that is to blame. */
export function reportSchemaErrors(errors: readonly ErrorObject[], node: YamlNode, problems: Problems): void {
  const found = errors.map(error => {
    const path = error.instancePath.split('/').slice(1).map(unescapePointer)
    const at = nodeAt(node, path)
    const key = error.keyword === 'additionalProperties' ? error.params.additionalProperty : undefined
    const entry = key !== undefined && at.type === 'mapping' ? at.entries.get(key) : undefined
    return { position: entry?.keyPosition ?? at.position, message: explain(error, path) }
  })
  // A value whose variable could not be filled in was reported as that.
  const news = found.filter(({ position }) => !problems.hasErrorAt(position))
  for (const { position, message } of news) problems.error(position, message)
}

function explain(error: ErrorObject, path: readonly string[]): string {
  const option = path.length === 0 ? '' : `${formatPath(path)}: `
  const schema = error.parentSchema as Subschema
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
      return `${option}expected ${wanted(schema, error.params.type)}, got ${describe(error.data)}`
    case 'enum': {
      const allowed = (error.params.allowedValues as unknown[]).map(String)
      return `${option}expected one of ${allowed.join(', ')}, got ${describe(error.data)}${suggestClose(error.data, allowed)}`
    }
    case 'pattern':
      return `${option}expected ${schema['x-expected'] ?? `a match of ${schema.pattern}`}, got ${describe(error.data)}`
    case 'minItems':
    case 'minProperties':
      return `${option}needs at least ${error.params.limit}, got ${describe(error.data)}`
    default:
      return `${option}${error.message}, got ${describe(error.data)}`
  }
}

function wanted(schema: Subschema, types: string | string[]): string {
  const names = [types].flat().map(type => TYPE_NAMES[type] ?? `a ${type}`)
  return schema['x-expected'] ?? names.join(' or ')
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  return typeof value === 'object'
    ? `${Array.isArray(value) ? 'the list' : 'the mapping'} ${showValue(value)}`
    : showValue(value)
}

function suggestClose(value: unknown, allowed: readonly string[]): string {
  const hint = typeof value === 'string' ? suggest(value, allowed) : ''
  return hint.includes('did you mean') ? hint : ''
}

const unescapePointer = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~')
