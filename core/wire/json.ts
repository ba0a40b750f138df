import { BadInputError, describeError } from '../errors.ts'
import { jsonMemory } from './json-scan.ts'

const SHOWN_CHARS = 60

/** Memory for the values of JSON. */
export interface JsonMemory {
  /** The most there can be, in bytes. */
  readonly capacity: number
  /** Does `work`, which takes so many bytes until it is done, or throws if there is no memory for it. */
  use<T>(bytes: number, work: () => T): T
}

const UNLIMITED: JsonMemory = { capacity: Number.POSITIVE_INFINITY, use: (_bytes, work) => work() }

/**
 * Gives `read` the value of a sender's JSON, with the memory it takes. Throws {@link BadInputError} for a text that is
 * not JSON. Before parsing it also throws for values nested too deeply and numbers too long: such values cost their
 * reader much more than their bytes.
 */
export function readJson<T>(text: string, read: (value: unknown) => T, memory = UNLIMITED): T {
  return memory.use(jsonMemory(text, memory.capacity), () => read(parse(text)))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new BadInputError(`not JSON: ${describeError(cause)}`, 'malformed', { cause })
  }
}

/** A value of parsed JSON, for an error. It takes no more time than the shown part needs. */
export function showJson(value: unknown): string {
  const excerpt = new Excerpt()
  excerpt.add(value)
  return excerpt.text.length > SHOWN_CHARS ? `${excerpt.text.slice(0, SHOWN_CHARS)}…` : excerpt.text
}

class Excerpt {
  text = ''

  add(value: unknown): void {
    if (this.text.length > SHOWN_CHARS) return
    if (typeof value === 'string') this.text += JSON.stringify(value.slice(0, SHOWN_CHARS + 1))
    else if (Array.isArray(value)) this.#addList(value)
    else if (typeof value === 'object' && value !== null) this.#addObject(value)
    else this.text += value === undefined ? 'nothing' : String(value)
  }

  #addList(list: readonly unknown[]): void {
    this.text += '['
    for (let i = 0; i < list.length && this.text.length <= SHOWN_CHARS; i++) {
      if (i > 0) this.text += ','
      this.add(list[i])
    }
    this.text += ']'
  }

  #addObject(object: object): void {
    this.text += '{'
    let isFirst = true
    for (const key in object) {
      if (this.text.length > SHOWN_CHARS) break
      if (!isFirst) this.text += ','
      isFirst = false
      this.add(key)
      this.text += ':'
      this.add(object[key as keyof typeof object])
    }
    this.text += '}'
  }
}
