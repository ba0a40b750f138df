import type { Series } from './series.ts'

export interface Packed {
  readonly items: number
  /** OTLP's Metrics in JSON. */
  readonly metrics: string
}

/**
 * Data points of series, in as many requests as it takes.
 * @param times start and end of the interval, Unix ms
 * @param maxCharacters of a request; one with a single point may have more
 */
export function pack(series: Iterable<Series>, times: readonly [number, number], maxCharacters: number): Packed[] {
  const [start, end] = times
  const interval = `"startTimeUnixNano":"${start}000000","timeUnixNano":"${end}000000"`
  const packer = new Packer(maxCharacters)
  for (const { head, tail, attributes, value } of series)
    packer.add(head, tail, `{${attributes && `"attributes":[${attributes}],`}${interval},${value}}`)
  return packer.finish()
}

class Packer {
  readonly #maxCharacters: number
  readonly #packed: Packed[] = []
  /** By head: tail and points. */
  #metrics = new Map<string, { readonly tail: string; readonly points: string[] }>()
  #items = 0
  #characters = 0

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters
  }

  add(head: string, tail: string, point: string): void {
    const known = this.#metrics.has(head)
    const characters = point.length + 1 + (known ? 0 : head.length + tail.length + 1)
    if (this.#items > 0 && this.#characters + characters > this.#maxCharacters) this.#close()
    const metric = this.#metrics.get(head) ?? { tail, points: [] }
    this.#metrics.set(head, metric)
    metric.points.push(point)
    this.#items++
    this.#characters += characters
  }

  finish(): Packed[] {
    if (this.#items > 0) this.#close()
    return this.#packed
  }

  #close(): void {
    const metrics = Array.from(this.#metrics, ([head, { tail, points }]) => head + points.join() + tail).join()
    this.#packed.push({ items: this.#items, metrics })
    this.#metrics = new Map()
    this.#items = this.#characters = 0
  }
}
