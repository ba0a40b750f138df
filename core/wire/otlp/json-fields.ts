import { BadInputError } from '../../errors.ts'
import { showJson } from '../json.ts'

export type JsonObject = { readonly [key: string]: unknown }

interface IntegerRange {
  readonly from: bigint
  readonly to: bigint
  readonly name: string
}
export const INT32: IntegerRange = { from: -(2n ** 31n), to: 2n ** 31n - 1n, name: 'of 32 bits' }
export const UINT32: IntegerRange = { from: 0n, to: 2n ** 32n - 1n, name: 'from 0 to 2^32' }
export const INT64: IntegerRange = { from: -(2n ** 63n), to: 2n ** 63n - 1n, name: 'of 64 bits' }
const UINT64: IntegerRange = { from: 0n, to: 2n ** 64n - 1n, name: 'from 0 to 2^64' }

/** Digits of 2^64, with a sign and some zeros in front. */
const MOST_DIGITS = 32
const LONGEST_DECIMAL = 1024

/**
 * Reads fields by the OTLP JSON mapping (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). Absent and
 * null mean the default, 64-bit integers come as strings or numbers, unknown fields do not matter. Keeps track of its
 * position, so that errors can say it.
 */
export class JsonFields {
  /** Texts that were no Unicode: half of a surrogate pair in them became U+FFFD. */
  replacedTexts = 0
  #path: (string | number)[] = []

  /** Calls `read` for each object of a list. */
  each(parent: JsonObject, key: string, read: (item: JsonObject, index: number) => void): void {
    const list = parent[key] ?? []
    if (!Array.isArray(list)) throw this.error(key, 'a list', list)
    this.#path.push(key, 0)
    for (let i = 0; i < list.length; i++) {
      this.#path[this.#path.length - 1] = i
      read(this.asObject(list[i]), i)
    }
    this.#path.length -= 2
  }

  /** The result of `read` for an object; undefined if there is none. */
  within<T>(parent: JsonObject, key: string, read: (value: JsonObject) => T): T | undefined {
    const value = parent[key] ?? undefined
    if (value === undefined) return undefined
    this.#path.push(key)
    const result = read(this.asObject(value))
    this.#path.pop()
    return result
  }

  list<T>(parent: JsonObject, key: string, read: (holder: JsonObject, key: string) => T): T[] {
    const list = parent[key] ?? []
    if (!Array.isArray(list)) throw this.error(key, 'a list', list)
    this.#path.push(key)
    const items = list.map((_, i) => read(list as unknown as JsonObject, String(i)))
    this.#path.pop()
    return items
  }

  text(parent: JsonObject, key: string): string {
    const value = parent[key] ?? ''
    if (typeof value !== 'string') throw this.error(key, 'a string', value)
    if (value.isWellFormed()) return value
    this.replacedTexts++
    return value.toWellFormed()
  }

  /** Base64, also that of URLs, with and without padding. */
  bytes(parent: JsonObject, key: string): Uint8Array {
    const value = parent[key] ?? ''
    if (typeof value !== 'string' || !isBase64(value)) throw this.error(key, 'a base64 string', value)
    return Uint8Array.from(Buffer.from(value, 'base64'))
  }

  boolean(parent: JsonObject, key: string): boolean {
    const value = parent[key] ?? false
    if (typeof value !== 'boolean') throw this.error(key, 'true or false', value)
    return value
  }

  double(parent: JsonObject, key: string, absent: number): number {
    const value = parent[key] ?? absent
    if (typeof value === 'number') return value
    if (value === 'NaN') return Number.NaN
    if (typeof value !== 'string' || !isDecimal(value)) throw this.error(key, 'a number', value)
    return Number(value)
  }

  /** A number if that is exact, else a bigint. */
  integer(parent: JsonObject, key: string, range: IntegerRange): number | bigint {
    const value = parent[key] ?? 0
    const isInteger = typeof value === 'number' ? Number.isInteger(value) : typeof value === 'string' && isDigits(value)
    if (!isInteger) throw this.error(key, 'an integer, as a number or a string', value)
    // No more digits than any of the ranges has: converting takes the square of them.
    const exact = String(value).length <= MOST_DIGITS ? BigInt(value as string | number) : undefined
    if (exact === undefined || exact < range.from || exact > range.to)
      throw this.error(key, `an integer ${range.name}`, value)
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact
  }

  /** An unsigned integer in two halves of 32 bits: `[low, high]`. */
  halves(parent: JsonObject, key: string): readonly [number, number] {
    const bits = BigInt(this.integer(parent, key, UINT64))
    return [Number(bits & 0xffffffffn), Number(bits >> 32n)]
  }

  asObject(value: unknown): JsonObject {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw this.error(undefined, 'an object', value)
    return value as JsonObject
  }

  get path(): string {
    return this.#path.reduce<string>((path, part) => path + (typeof part === 'number' ? `[${part}]` : `.${part}`), '$')
  }

  /** @param key of the value in the object at hand; undefined for the object itself */
  error(key: string | undefined, wanted: string, seen: unknown): BadInputError {
    const at = key === undefined ? this.path : `${this.path}${isDigits(key) ? `[${key}]` : `.${key}`}`
    return new BadInputError(`JSON: ${at} must be ${wanted}, not ${showJson(seen)}`)
  }
}

function isDigits(text: string): boolean {
  const first = text[0] === '-' ? 1 : 0
  for (let i = first; i < text.length; i++) if (text[i] < '0' || text[i] > '9') return false
  return text.length > first
}

function isBase64(text: string): boolean {
  const digits = /^[\w+/-]*/.exec(text)![0].length
  // Four digits are three bytes; the last two or three are one or two.
  const padding = '='.repeat((4 - (digits % 4)) % 4)
  return digits % 4 !== 1 && (digits === text.length || text.slice(digits) === padding)
}

function isDecimal(text: string): boolean {
  return text.length <= LONGEST_DECIMAL && /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Infinity)$/.test(text)
}
