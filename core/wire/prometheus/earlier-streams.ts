import { Murmur3 } from '../../model/sketch/murmur3.ts'

/** PromQL looks back this far: older streams have ended by themselves. */
export const LOOKBACK_MS = 300_000
/** Names that are saved at most, some 20 bytes each. Series that became the same share them. */
const MAX_SAVED_NAMES = 500_000
/** Lists that are kept to be shared. */
const MAX_LISTS = 50_000
const LOW_BITS = 21

const murmur = new Murmur3()
const words = new Uint32Array(4)

/** Columns of series, as V8 can serialize them. */
export interface SavedStreams {
  readonly names: readonly (readonly string[])[]
  /** Hashes of the series' keys, see {@link streamHash}. */
  readonly hashes: Float64Array
  /** Which of `names` are the series'. */
  readonly namesOf: Uint32Array
  /** When points of the series came last, Unix ms. */
  readonly seenAt: Float64Array
}

/** 53 bits. If two series have one hash, one ends streams that only the other has, which changes nothing. */
export function streamHash(key: string): number {
  murmur.reset().text(key).finish(words)
  return words[0] * 2 ** LOW_BITS + (words[1] >>> (32 - LOW_BITS))
}

/** The names that series had before a restart: the end of a series has to end all of them. */
export class EarlierStreams {
  #streams = new Map<number, { readonly names: readonly string[]; readonly seenAt: number }>()

  /** The names of one series, which are forgotten here. */
  take(hash: number): readonly string[] {
    const names = this.#streams.get(hash)?.names ?? []
    this.#streams.delete(hash)
    return names
  }

  /** Those that have not come back. */
  addTo(writer: StreamWriter): void {
    for (const [hash, { names, seenAt }] of this.#streams) writer.add(hash, names, seenAt)
  }

  restore({ names, hashes, namesOf, seenAt }: SavedStreams): void {
    for (let i = 0; i < hashes.length; i++)
      this.#streams.set(hashes[i], { names: names[namesOf[i]], seenAt: seenAt[i] })
  }
}

/** Writes down the streams that may still have to be ended after a restart, as plain columns: all of it is one step. */
export class StreamWriter {
  #oldest: number
  #lists: (readonly string[])[] = []
  #numbers = new Map<readonly string[], number>()
  #namesLeft = MAX_SAVED_NAMES
  #hashes: number[] = []
  #namesOf: number[] = []
  #seenAt: number[] = []

  /** @param now Unix ms */
  constructor(now: number) {
    this.#oldest = now - LOOKBACK_MS
  }

  /** @param names the same object for series that became the same */
  add(hash: number, names: readonly string[], seenAt: number): void {
    if (seenAt <= this.#oldest) return
    let number = this.#numbers.get(names)
    if (number === undefined) {
      if (this.#namesLeft < names.length) return
      this.#namesLeft -= names.length
      number = this.#lists.push(names) - 1
      this.#numbers.set(names, number)
    }
    this.#hashes.push(hash)
    this.#namesOf.push(number)
    this.#seenAt.push(seenAt)
  }

  get written(): SavedStreams {
    return {
      names: this.#lists,
      hashes: new Float64Array(this.#hashes),
      namesOf: new Uint32Array(this.#namesOf),
      seenAt: new Float64Array(this.#seenAt)
    }
  }
}

/** One list for all series that became the same. */
export class NameLists {
  #known = new Map<string, readonly string[]>()

  of(names: readonly string[]): readonly string[] {
    const text = names.join('\n')
    const known = this.#known.get(text)
    if (known !== undefined) return known
    if (this.#known.size >= MAX_LISTS) this.#known.clear()
    this.#known.set(text, names)
    return names
  }
}
