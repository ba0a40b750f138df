/** Names of options whose values no comment shows. */
const SECRET = /pass|secret|token|key$|credential|auth|header|cookie|sasl|dsn|datasource|connection/i
/** Characters of a value that a comment shows. */
const SHOWN = 60

/**
 * The options of a component of another tool. Each that is asked for counts as understood; {@link unread} has the others,
 * so that nothing is left out without a comment.
 */
export class Options {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #read = new Set<string>()
  readonly #children = new Map<string, readonly Options[]>()

  constructor(value: unknown) {
    this.#values = isMapping(value) ? value : {}
  }

  get keys(): string[] {
    return Object.keys(this.#values)
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#values, key) && this.#values[key] !== undefined
  }

  value(key: string): unknown {
    this.#read.add(key)
    return this.has(key) ? this.#values[key] : undefined
  }

  /** The text or number of a scalar, as text. */
  text(key: string): string | undefined {
    const value = this.value(key)
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
  }

  number(key: string): number | undefined {
    const value = this.value(key)
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    return typeof number === 'number' && Number.isFinite(number) ? number : undefined
  }

  flag(key: string): boolean | undefined {
    const value = this.value(key)
    return typeof value === 'boolean' ? value : undefined
  }

  /** A list; a single value is a list of one. */
  list(key: string): unknown[] {
    const value = this.value(key)
    return value === undefined || value === null ? [] : [value].flat()
  }

  texts(key: string): string[] {
    return this.list(key)
      .filter(item => typeof item === 'string' || typeof item === 'number')
      .map(String)
  }

  /** The options under a key; none if it has no mapping. */
  at(key: string): Options {
    return this.#childrenOf(key, [this.#values[key]])[0]
  }

  /** Each mapping of a list. */
  each(key: string): readonly Options[] {
    return this.#childrenOf(key, this.list(key))
  }

  #childrenOf(key: string, values: readonly unknown[]): readonly Options[] {
    this.#read.add(key)
    const known = this.#children.get(key)
    if (known !== undefined) return known
    const children = values.map(value => new Options(value))
    this.#children.set(key, children)
    return children
  }

  /** The options nobody asked for: `a.b: value`, without values that may be secrets. */
  unread(prefix = ''): string[] {
    return this.keys.flatMap(key => {
      if (!this.#read.has(key)) return [show(prefix + key, this.#values[key])]
      return (this.#children.get(key) ?? []).flatMap(child => child.unread(`${prefix}${key}.`))
    })
  }
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The same value with each text changed. Keys are left alone. */
export function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map(item => mapTexts(item, change))
  if (!isMapping(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, change)]))
}

function show(path: string, value: unknown): string {
  if (SECRET.test(path) || value === null || typeof value === 'object') return path
  const text = String(value)
  return text.length > SHOWN || text.includes('\n') ? path : `${path}: ${text}`
}
