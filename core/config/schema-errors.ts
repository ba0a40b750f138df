import type { ErrorObject } from 'ajv'
import { nodeAt, type YamlNode } from './document.ts'
import { type Problems, showValue, suggest } from './problems.ts'

const UNIT_EXAMPLE: Record<string, string> = {
  duration: 'a duration such as 500ms, 10s or 1h30m',
  bytes: 'a size such as 64KiB, 20MiB or 1GiB'
}

interface Subschema {
  readonly properties?: Readonly<Record<string, { readonly description?: string }>>
  readonly description?: string
  readonly pattern?: string
  readonly 'x-unit'?: string
}

/** Reports what a schema found wrong with `node`, each at the place in the file that is to blame. */
export function reportSchemaErrors(errors: readonly ErrorObject[], node: YamlNode, problems: Problems): void {
  for (const error of errors) {
    const path = error.instancePath.split('/').slice(1).map(unescapePointer)
    const at = nodeAt(node, path)
    const key = error.keyword === 'additionalProperties' ? error.params.additionalProperty : undefined
    const entry = key !== undefined && at.type === 'mapping' ? at.entries.get(key) : undefined
    problems.error(entry?.keyPosition ?? at.position, explain(error, path))
  }
}

function explain(error: ErrorObject, path: readonly string[]): string {
  const option = path.length === 0 ? '' : `${path.join('.')}: `
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
      return `${option}expected ${UNIT_EXAMPLE[schema['x-unit'] ?? ''] ?? schema.description ?? `a match of ${schema.pattern}`}, got ${describe(error.data)}`
    default:
      return `${option}${error.message}, got ${describe(error.data)}`
  }
}

function wanted(schema: Subschema, type: string | string[]): string {
  const unit = UNIT_EXAMPLE[schema['x-unit'] ?? '']
  if (unit !== undefined) return unit
  return [type]
    .flat()
    .map(name => ({ object: 'a mapping', array: 'a list' })[name] ?? `a ${name}`)
    .join(' or ')
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
