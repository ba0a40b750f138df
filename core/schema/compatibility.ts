import { isDeepStrictEqual } from 'node:util'

type Schema = Readonly<Record<string, unknown>>

/** Keywords that say nothing of which values fit. */
const ANNOTATIONS: ReadonlySet<string> = new Set([
  '$comment',
  '$id',
  '$schema',
  'default',
  'deprecated',
  'description',
  'examples',
  'format',
  'title'
])
/** Limits that may not become larger, and those that may not become smaller. */
const LOWER_LIMITS = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties']
const UPPER_LIMITS = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties']
/** Keywords that are compared by their meaning. All others have to stay as they are. */
const COMPARED: ReadonlySet<string> = new Set([
  ...LOWER_LIMITS,
  ...UPPER_LIMITS,
  'additionalProperties',
  'enum',
  'items',
  'properties',
  'required',
  'type'
])

/** Keywords that say which values others are for: without them, others are for more values. */
const DIVIDING = ['additionalItems', 'patternProperties', 'prefixItems']

/**
 * The ways in which values that fit `before` may not fit `after`. Empty if all of them fit. It errs on the safe side: a
 * change that it does not understand counts.
 * @param at the place of the schemas, as a JSON pointer
 */
export function incompatibilities(before: unknown, after: unknown, at = ''): string[] {
  if (isDeepStrictEqual(before, after) || after === true || before === false) return []
  const [from, to] = [asSchema(before), asSchema(after)]
  if (from === undefined || to === undefined) return [`${at || '/'}: fits fewer values`]
  return [
    ...narrowedTypes(from, to, at),
    ...narrowedEnum(from, to, at),
    ...narrowedLimits(from, to, at),
    ...narrowedProperties(from, to, at),
    ...('items' in to ? incompatibilities(from.items ?? true, to.items, `${at}/items`) : []),
    ...otherChanges(from, to, at)
  ]
}

/** `true` fits all values, as an empty schema does; `false` fits none. */
function asSchema(schema: unknown): Schema | undefined {
  if (schema === true || schema === undefined) return {}
  return typeof schema === 'object' && schema !== null ? (schema as Schema) : undefined
}

function narrowedTypes(from: Schema, to: Schema, at: string): string[] {
  if (to.type === undefined) return []
  if (from.type === undefined) return [`${at}/type: was any, is ${JSON.stringify(to.type)}`]
  const taken = [to.type].flat()
  const lost = [from.type]
    .flat()
    .filter(type => !taken.includes(type) && !(type === 'integer' && taken.includes('number')))
  return lost.map(type => `${at}/type: ${type} is no longer taken`)
}

function narrowedEnum(from: Schema, to: Schema, at: string): string[] {
  if (!Array.isArray(to.enum)) return []
  const { enum: taken } = to
  if (!Array.isArray(from.enum)) return [`${at}/enum: was any value, is a list`]
  const lost = from.enum.filter(value => !taken.some(other => isDeepStrictEqual(value, other)))
  return lost.map(value => `${at}/enum: ${JSON.stringify(value)} is no longer taken`)
}

function narrowedLimits(from: Schema, to: Schema, at: string): string[] {
  const narrowed = (key: string, sign: 1 | -1) => {
    const limit = to[key]
    if (typeof limit !== 'number') return []
    const before = typeof from[key] === 'number' ? from[key] : -sign * Number.POSITIVE_INFINITY
    return sign * limit > sign * before ? [`${at}/${key}: was ${from[key] ?? 'not there'}, is ${limit}`] : []
  }
  return [...LOWER_LIMITS.flatMap(key => narrowed(key, 1)), ...UPPER_LIMITS.flatMap(key => narrowed(key, -1))]
}

function narrowedProperties(from: Schema, to: Schema, at: string): string[] {
  const required = new Set(listOf(from.required))
  const added = listOf(to.required).filter(name => !required.has(name))
  const before = propertiesOf(from)
  const after = propertiesOf(to)
  const others = { before: from.additionalProperties ?? true, after: to.additionalProperties ?? true }
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  const changed = [...names].flatMap(name =>
    incompatibilities(before[name] ?? others.before, after[name] ?? others.after, `${at}/properties/${name}`)
  )
  return [
    ...added.map(name => `${at}/required: ${name} was not required`),
    ...changed,
    ...incompatibilities(others.before, others.after, `${at}/additionalProperties`)
  ]
}

function otherChanges(from: Schema, to: Schema, at: string): string[] {
  const keys = [...new Set([...Object.keys(to), ...DIVIDING])].filter(
    key => !ANNOTATIONS.has(key) && !COMPARED.has(key)
  )
  const changed = keys.filter(key => !isDeepStrictEqual(from[key], to[key]))
  return changed.map(key => `${at}/${key}: is another; this cannot be compared`)
}

const listOf = (value: unknown) => (Array.isArray(value) ? value.map(String) : [])
const propertiesOf = ({ properties }: Schema) => (asSchema(properties) ?? {}) as Readonly<Record<string, unknown>>
