import { Murmur3 } from '../../model/sketch/murmur3.ts'

/** PromQL looks back so far: what is older has ended by itself. */
const LOOKBACK_MS = 300_000
/** Names that are saved at most, some 20 bytes each. Series that differ in none of theirs share them. */
const MAX_SAVED_NAMES = 500_000
const LOW_BITS = 21

const murmur = new Murmur3()
const words = new Uint32Array(4)

/** A series whose points are more than a number, and what it became: see {@link DistributionStreams.names}. */
export interface Stream {
  /** Of the series' key. Of two series alike, one would end what the other never had, which changes nothing. */
  readonly hash: number
  readonly names: readonly string[]
  /** Unix ms. */
  readonly seenAt: number
}

/** What V8 can serialize: columns of series. */
export interface SavedStreams {
  readonly names: readonly (readonly string[])[]
  readonly hashes: Float64Array
  /** Which of `names` are the series'. */
  readonly namesOf: Uint32Array
  readonly seenAt: Float64Array
}

/** What series became before a restart: the end of a series has to end all of it. */
export class EarlierStreams {
  #streams = new Map<number, Stream>()

  /** What the series became, which is forgotten here. */
  take(hash: number): readonly string[] {
    const names = this.#streams.get(hash)?.names ?? []
    this.#streams.delete(hash)
    return names
  }

  /** Those of before that have not come back, and the `later` ones; of both what may still have to be ended. */
  save(later: Iterable<Stream>, now: number): SavedStreams {
    const table = new NameTable()
    const saved: { stream: Stream; names: number }[] = []
    for (const streams of [later, this.#streams.values()]) {
      for (const stream of streams) {
        if (now - stream.seenAt >= LOOKBACK_MS) continue
        const names = table.numberOf(stream.names)
        if (names !== undefined) saved.push({ stream, names })
      }
    }
    return {
      names: table.all,
      hashes: Float64Array.from(saved, ({ stream }) => stream.hash),
      namesOf: Uint32Array.from(saved, ({ names }) => names),
      seenAt: Float64Array.from(saved, ({ stream }) => stream.seenAt)
    }
  }

  restore({ names, hashes, namesOf, seenAt }: SavedStreams): void {
    for (let i = 0; i < hashes.length; i++)
      this.#streams.set(hashes[i], { hash: hashes[i], names: names[namesOf[i]], seenAt: seenAt[i] })
  }
}

export function streamHash(key: string): number {
  murmur.reset().text(key).finish(words)
  return words[0] * 2 ** LOW_BITS + (words[1] >>> (32 - LOW_BITS))
}

/** Lists of names, each once. */
class NameTable {
  readonly all: (readonly string[])[] = []
  #numbers = new Map<readonly string[], number>()
  #left = MAX_SAVED_NAMES

  /** Undefined where there is no room for more. */
  numberOf(names: readonly string[]): number | undefined {
    const known = this.#numbers.get(names)
    if (known !== undefined) return known
    if (this.#left < names.length) return undefined
    this.#left -= names.length
    const number = this.all.push(names) - 1
    this.#numbers.set(names, number)
    return number
  }
}

/** One list for all series that became the same, so that it is compared, and saved, as one object. */
export class NameLists {
  #known = new Map<string, readonly string[]>()

  /** @param names in any order */
  of(names: readonly string[]): readonly string[] {
    const text = names.join('\n')
    const known = this.#known.get(text)
    if (known !== undefined) return known
    if (this.#known.size >= MAX_SAVED_NAMES / 10) this.#known.clear()
    this.#known.set(text, names)
    return names
  }
}
