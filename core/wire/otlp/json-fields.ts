import { BadInputError } from '../../errors.ts'

export type JsonObject = { readonly [key: string]: unknown }

const SHOWN_CHARS = 60

/**
 * Reads fields by the OTLP JSON mapping (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): absent and null
 * mean the default, 64-bit integers come as strings or numbers, unknown fields do not matter. Keeps track of where it
 * is, so that errors can say so.
 */
export class JsonFields {
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

  /** What `read` makes of an object; undefined where there is none. */
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
    return value
  }

  boolean(parent: JsonObject, key: string): boolean {
    const value = parent[key] ?? false
    if (typeof value !== 'boolean') throw this.error(key, 'true or false', value)
    return value
  }

  double(parent: JsonObject, key: string, absent: number): number {
    const value = parent[key] ?? absent
    if (typeof value === 'number') return value
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
    if (Number.isNaN(number) && value !== 'NaN') throw this.error(key, 'a number', value)
    return number
  }

  /** A number where that is exact, else a bigint. */
  integer(parent: JsonObject, key: string): number | bigint {
    const value = parent[key] ?? 0
    if (typeof value === 'number' && Number.isInteger(value)) return value
    if (typeof value !== 'string' || !isDigits(value))
      throw this.error(key, 'an integer, as a number or a string', value)
    return Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value)
  }

  /** An unsigned integer in two halves of 32 bits: `[low, high]`. */
  halves(parent: JsonObject, key: string): readonly [number, number] {
    const value = this.integer(parent, key)
    if (value < 0 || value >= 2 ** 64) throw this.error(key, 'an integer from 0 to 2^64', value)
    const bits = BigInt(value)
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
    return new BadInputError(`JSON: ${at} must be ${wanted}, not ${show(seen)}`)
  }
}

function isDigits(text: string): boolean {
  const first = text[0] === '-' ? 1 : 0
  for (let i = first; i < text.length; i++) if (text[i] < '0' || text[i] > '9') return false
  return text.length > first
}

function show(value: unknown): string {
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? 'nothing')
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text
}
