/** Lists and maps nested deeper are sent as text; the receiver would refuse the whole request. */
const MAX_DEPTH = 8

/** Values that are null or undefined are left out. Of metrics lists and objects become text. */
export type Attributes = { readonly [key: string]: unknown }

/** OTLP's KeyValues in JSON, with commas between them. */
export function keyValues(attributes: Attributes, depth = 0): string {
  let text = ''
  for (const key of Object.keys(attributes)) {
    const value = anyValue(attributes[key], depth)
    if (value !== undefined) text += `${text && ','}{"key":${JSON.stringify(key)},"value":${value}}`
  }
  return text
}

/** OTLP's AnyValue in JSON. */
function anyValue(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return `{"stringValue":${JSON.stringify(value)}}`
  if (typeof value === 'boolean') return `{"boolValue":${value}}`
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return `{"intValue":"${value}"}`
    return `{"doubleValue":${JSON.stringify(value)}}`
  }
  if (value === null || value === undefined) return undefined
  if (typeof value !== 'object' || depth >= MAX_DEPTH) return anyValue(String(value), depth)
  if (value instanceof Date) return anyValue(value.toJSON(), depth)
  if (!Array.isArray(value)) return `{"kvlistValue":{"values":[${keyValues(value as Attributes, depth + 1)}]}}`
  return `{"arrayValue":{"values":[${value.map(item => anyValue(item, depth + 1) ?? '{}').join()}]}}`
}
