import { attribute, fixed64, integer, message, text } from '../core/wire/protobuf/fields.ts'

const DIGITS = 10
const PLACEHOLDER = '0'.repeat(DIGITS)
const DELTA = integer(2, 1)

/** A request whose series are others each time it is sent: numbers of ten digits are written into its bytes. */
export class EverNewSeries {
  readonly #body: Buffer
  readonly #places: number[] = []
  #next = 0

  /** @param attributes of each series; one of them holds the number, and all values have `length` characters more */
  constructor(series: number, { attributes, length }: { attributes: number; length: number }) {
    const others = Array.from({ length: attributes - 1 }, (_, i) => attribute(7, `key.${i}`, 'v'.repeat(length)))
    const point = message(
      1,
      fixed64(3, 1n),
      fixed64(6, 1n),
      attribute(7, 'id', PLACEHOLDER + 'v'.repeat(length)),
      ...others
    )
    const metric = message(
      2,
      text(1, 'requests'),
      message(7, ...Array<Buffer>(series).fill(point), DELTA, integer(3, 1))
    )
    this.#body = message(1, message(2, metric))
    for (let at = this.#body.indexOf(PLACEHOLDER); at >= 0; at = this.#body.indexOf(PLACEHOLDER, at + DIGITS))
      this.#places.push(at)
  }

  next(): Buffer {
    for (const place of this.#places) this.#body.write(String(1e9 + this.#next++), place)
    return this.#body
  }
}

/** Exponential histograms of so many buckets, each of them one byte. */
export function wideHistograms(histograms: number, buckets: number): Buffer {
  const counts = message(2, Buffer.alloc(buckets, 1).subarray(0, buckets))
  const point = (i: number) => message(1, attribute(1, 'id', `${i}`), fixed64(3, 1n), message(8, counts))
  const points = Array.from({ length: histograms }, (_, i) => point(i))
  return message(1, message(2, message(2, text(1, 'latency'), message(10, ...points, DELTA))))
}

const repeated = (element: string, times: number) => Array<string>(times).fill(element).join()

/** JSON whose values take many times the memory of its text. */
export const dearLists = (elements: number) => Buffer.from(`[${repeated('{}', elements)}]`)
export const dearMetrics = (elements: number) =>
  Buffer.from(`{"resourceMetrics":[],"more":[${repeated('[[]]', elements)}]}`)
export const dearLines = (lines: number) => Buffer.from('{"name":"a","attributes":{"b":1,"c":2,"d":3}}\n'.repeat(lines))
