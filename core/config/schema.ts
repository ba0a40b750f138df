import { Ajv, type ErrorObject, type SchemaValidateFunction, type ValidateFunction } from 'ajv'
import { AUTHENTICATOR_NAME } from '../http/server-options.ts'
import { TENANT_NAME } from '../http/tenants/config.ts'
import type { ConfigSchema, JsonSchema } from '../plugin/contract.ts'
import { EXPORTER_NAME } from '../plugin/stores.ts'
import { parseByteSize, parseDuration } from '../schema/units.ts'

const PARSE_UNIT = { duration: parseDuration, bytes: parseByteSize }

export type SchemaResult = { readonly value: unknown; readonly errors: readonly ErrorObject[] }

// Runs after `pattern`. A value that does not match stays as it is and is reported once.
const convertUnit: SchemaValidateFunction = (unit: keyof typeof PARSE_UNIT, text: string, schema, at) => {
  if (at !== undefined && new RegExp(schema?.pattern).test(text))
    at.parentData[at.parentDataProperty] = PARSE_UNIT[unit](text)
  return true
}

// A validator runs once or twice. Optimizing its code takes a third of the compilation, and saves less than that.
const code = { optimize: false }
const ajv = new Ajv({
  allErrors: true,
  useDefaults: true,
  strict: true,
  strictTypes: false,
  verbose: true,
  discriminator: true,
  code
})
ajv.addKeyword({ keyword: 'x-unit', schemaType: 'string', type: 'string', modifying: true, validate: convertUnit })

// The expected form of a value, for the error message.
ajv.addKeyword({ keyword: 'x-expected', schemaType: 'string' })
ajv.addKeyword({ keyword: AUTHENTICATOR_NAME, schemaType: 'boolean' })
ajv.addKeyword({ keyword: TENANT_NAME, schemaType: 'boolean' })
ajv.addKeyword({ keyword: EXPORTER_NAME, schemaType: 'boolean' })

/** Unknown keys are refused unless the schema says which it takes. */
export function closed(schema: ConfigSchema): ConfigSchema {
  return { additionalProperties: false, ...schema }
}

// `http:` with nothing after it is null in YAML, and means a mapping with nothing in it; `0` needs no unit and no
// quotes.
function fillEmpty(schema: JsonSchema, value: unknown): unknown {
  if (schema['x-unit'] === 'duration' && value === 0) return '0'
  const given = value ?? {}
  if (schema.type !== 'object' || typeof given !== 'object' || Array.isArray(given)) return value
  const filled: Record<string, unknown> = { ...given }
  const properties = (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>
  for (const [key, own] of Object.entries(filled))
    if (Object.hasOwn(properties, key)) filled[key] = fillEmpty(properties[key], own)
  return filled
}

const validators = new WeakMap<ConfigSchema, ValidateFunction>()

// Compiling takes longer than all else, and Ajv keeps compiled schemas.
function validatorOf(schema: ConfigSchema): ValidateFunction {
  const known = validators.get(schema)
  if (known !== undefined) return known
  const made = ajv.compile(closed(schema))
  validators.set(schema, made)
  return made
}

/** A copy of `config` with defaults filled in and units converted, or all that is wrong with it. */
export function applySchema(schema: ConfigSchema, config: unknown): SchemaResult {
  const value = fillEmpty(schema, structuredClone(config))
  const validate = validatorOf(schema)
  return validate(value) ? { value, errors: [] } : { value, errors: validate.errors ?? [] }
}
