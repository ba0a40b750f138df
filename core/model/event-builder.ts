import { BadInputError } from '../errors.ts'
import type { Attributes } from './attributes.ts'
import { eventBytes } from './block.ts'
import type { EventBlock } from './events.ts'

/** Grows the columns of events. One builder makes one block. */
export class EventBlockBuilder {
  /** Memory of the events. */
  bytes = 0
  readonly #maxBytes: number
  readonly #time: number[] = []
  readonly #name: string[] = []
  readonly #id: (string | undefined)[] = []
  readonly #attributes: Attributes[] = []
  readonly #value: number[] = []

  /** @param maxBytes of memory, which nobody could ever buy beyond */
  constructor(maxBytes = Number.POSITIVE_INFINITY) {
    this.#maxBytes = maxBytes
  }

  get length(): number {
    return this.#name.length
  }

  /** Throws {@link BadInputError} `too_large`. @param time Unix ms @param attributes sorted */
  add(time: number, name: string, attributes: Attributes, id: string | undefined, value: number): void {
    this.bytes += eventBytes(name, id, attributes)
    if (this.bytes > this.#maxBytes) throw tooMuch(this.#maxBytes)
    this.#time.push(time)
    this.#name.push(name)
    this.#id.push(id)
    this.#attributes.push(attributes)
    this.#value.push(value)
  }

  build(): EventBlock {
    return {
      type: 'events',
      length: this.#name.length,
      time: Float64Array.from(this.#time),
      name: this.#name,
      id: this.#id,
      attributes: this.#attributes,
      value: Float64Array.from(this.#value)
    }
  }
}

const tooMuch = (maxBytes: number) =>
  new BadInputError(
    `these events take more than ${maxBytes} bytes in memory: send less at once, or raise service.limits.in_flight`,
    'too_large'
  )
