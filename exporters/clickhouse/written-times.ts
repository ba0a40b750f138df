import { resolve } from 'node:path'
import type { Block } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'

type Listener = (earliestMs: number) => void

/** Writes whose times are remembered: those of some minutes. */
const MOST_REMEMBERED = 4096

/** Numbers of writes so far. Whoever has read the store since has all of them. */
export interface Writes {
  readonly blocks: number
  /** Those that had rows of series. */
  readonly series: number
}

/** By folder and database: exporters may have the same tables. */
const embedded = new Map<string, WrittenTimes>()

/** Tells what was written to a database, so that results of queries can be used again. */
export class WrittenTimes {
  readonly #listeners = new Set<Listener>()
  #writes: Writes = { blocks: 0, series: 0 }
  /** The earliest times of the last blocks. */
  readonly #earliest: number[] = []

  static of(config: Pick<Config, 'embedded' | 'database'>): WrittenTimes {
    if (config.embedded === undefined) return new WrittenTimes()
    const key = `${resolve(config.embedded)} ${config.database}`
    const known = embedded.get(key) ?? new WrittenTimes()
    embedded.set(key, known)
    return known
  }

  get writes(): Writes {
    return this.#writes
  }

  /** Unix ms: no sample before has been written since there were so many blocks. Infinity if none has at all. */
  changedFrom(since: number): number {
    const count = this.#writes.blocks - since
    if (count > this.#earliest.length) return Number.MIN_SAFE_INTEGER
    return count === 0 ? Number.POSITIVE_INFINITY : Math.min(...this.#earliest.slice(-count))
  }

  /** Calls `listener` with the earliest time of each block of points. Returns a function that ends it. */
  watch(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Called once the store has the block, or may have a part of it. @param hasSeries true if rows of series went with it */
  wrote(block: Block, hasSeries: boolean): void {
    const { blocks, series } = this.#writes
    this.#writes = { blocks: blocks + 1, series: series + Number(hasSeries) }
    const earliest = earliestOf(block)
    this.#earliest.push(earliest)
    if (this.#earliest.length > 2 * MOST_REMEMBERED) this.#earliest.splice(0, MOST_REMEMBERED)
    if (earliest === Number.POSITIVE_INFINITY) return
    for (const listener of this.#listeners) listener(earliest)
  }
}

/** Unix ms. Infinity if there are no points. */
function earliestOf(block: Block): number {
  let earliest = Number.POSITIVE_INFINITY
  if (block.type !== 'points') return earliest
  for (let i = 0; i < block.length; i++) if (block.time[i] < earliest) earliest = block.time[i]
  return Math.floor(earliest)
}
