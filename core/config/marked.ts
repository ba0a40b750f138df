import type { JsonSchema } from '../plugin/contract.ts'

interface Nested {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly additionalProperties?: JsonSchema | boolean
}

type Path = readonly (string | number)[]

/** Calls `visit` with each value whose schema has the keyword `mark`, and with its path. */
export function visitMarked(
  schema: JsonSchema,
  value: unknown,
  mark: string,
  visit: (value: unknown, path: Path) => void,
  path: Path = []
): void {
  if (schema[mark] !== undefined) return visit(value, path)
  if (typeof value !== 'object' || value === null) return
  const { properties = {}, items, additionalProperties } = schema as Nested
  for (const [key, own] of Object.entries(value)) {
    const isList = Array.isArray(value)
    const known = Object.hasOwn(properties, key) ? properties[key] : additionalProperties
    const inner = isList ? items : known
    if (typeof inner === 'object') visitMarked(inner, own, mark, visit, [...path, isList ? Number(key) : key])
  }
}
