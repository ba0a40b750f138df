/**
 * JSON Schema (draft-07) of a component's configuration, an object at the top. Every property has a `description` and,
 * unless it is required, a `default`; unknown keys are refused. Use `duration()` and `byteSize()` for such values:
 * users write `10s` and `64MiB`, `create` gets milliseconds and bytes.
 */
export type ConfigSchema = {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
} & JsonSchema
export type JsonSchema = { readonly [keyword: string]: unknown }

/** A rule that a configuration breaks, though it has the shape of its schema. */
export interface ConfigProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}
