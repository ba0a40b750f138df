import type { UnitSchema } from '../schema/units.ts'

/**
 * The configuration that a JSON Schema (written `as const`, or given to `define…`) describes, as `create` gets it:
 * defaults filled in, durations in milliseconds and sizes in bytes. What the type cannot tell is `unknown`.
 */
export type ConfigOf<S> = S extends { readonly properties: infer P }
  ? Flat<
      { readonly [K in keyof P as IsPresent<S, P, K> extends true ? K : never]: ValueOf<P[K]> } & {
        readonly [K in keyof P as IsPresent<S, P, K> extends true ? never : K]?: ValueOf<P[K]>
      }
    >
  : Readonly<Record<string, unknown>>

/** True for an option that is always there: it is required, or has a default. */
type IsPresent<S, P, K extends keyof P> = P[K] extends { readonly default: unknown }
  ? true
  : S extends { readonly required: readonly (infer R)[] }
    ? K extends R
      ? true
      : false
    : false

type ValueOf<S> = S extends UnitSchema
  ? number
  : S extends { readonly enum: readonly (infer E)[] }
    ? E
    : S extends { readonly const: infer C }
      ? C
      : S extends { readonly type: infer T }
        ? OfType<S, T>
        : unknown

type OfType<S, T> = T extends 'string'
  ? string
  : T extends 'number' | 'integer'
    ? number
    : T extends 'boolean'
      ? boolean
      : T extends 'array'
        ? readonly (S extends { readonly items: infer I } ? ValueOf<I> : unknown)[]
        : T extends 'object'
          ? ConfigOf<S>
          : unknown

type Flat<T> = { [K in keyof T]: T[K] }
