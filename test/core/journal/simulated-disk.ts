import path from 'node:path'
import type { Disk, DiskFile } from '../../../core/journal/disk.ts'

/** A random number in [0, 1). */
export type Random = () => number

/** What can go wrong with an operation, and be told: `before` it did anything, or `after` some or all of it. */
export interface Fault {
  readonly code: 'ENOSPC' | 'EIO'
  readonly when: 'before' | 'after'
}

type Change =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly length: number }
type NameChange =
  | { readonly kind: 'link'; readonly name: string; readonly file: Inode }
  | { readonly kind: 'unlink'; readonly name: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly file: Inode }

/** A file as programs see it, as the platter has it, and what lies between. */
interface Inode {
  seen: Buffer
  synced: Buffer
  unsynced: Change[]
}

/**
 * A file system in memory. At a crash any of what was not synced is lost: each write wholly, torn, or not at all,
 * whatever came after it; each creation, rename and removal likewise.
 */
export class SimulatedDisk implements Disk {
  /** What the next operations meet, in order; undefined: they work. */
  readonly faults: (Fault | undefined)[] = []
  /** Every operation meets it, while set. */
  broken: Fault | undefined
  /** Bytes all files may have together. */
  capacity = Number.POSITIVE_INFINITY
  /** Files opened or created so far. */
  opened = 0
  #random: Random
  #names = new Map<string, Inode>()
  #syncedNames = new Map<string, Inode>()
  #unsyncedNames: NameChange[] = []
  #lives = 0

  constructor(random: Random = () => 0.5) {
    this.#random = random
  }

  /** How many processes have ended. */
  get lives(): number {
    return this.#lives
  }

  /** As the end of a process: whoever had files open never hears of them again. Nothing is lost by that alone. */
  kill(): void {
    this.#lives++
  }

  /** As a power cut. */
  crash(): void {
    this.kill()
    this.faults.length = 0
    this.broken = undefined
    for (const change of this.#unsyncedNames.splice(0)) if (this.#random() < 0.5) applyName(this.#syncedNames, change)
    this.#names = new Map(this.#syncedNames)
    for (const file of new Set(this.#names.values())) {
      for (const change of file.unsynced.splice(0)) this.#surviveOrNot(file, change)
      file.seen = Buffer.from(file.synced)
    }
  }

  /** What a program reads from it now. */
  contents(file: string): Buffer {
    return Buffer.from(this.#inode(file).seen)
  }

  /** On the platter. */
  put(file: string, bytes: Uint8Array): void {
    const inode = { seen: Buffer.from(bytes), synced: Buffer.from(bytes), unsynced: [] }
    this.#names.set(file, inode)
    this.#syncedNames.set(file, inode)
  }

  get files(): string[] {
    return [...this.#names.keys()].sort()
  }

  makeFolder(): Promise<void> {
    return Promise.resolve()
  }

  list(folder: string): Promise<string[]> {
    return this.#do(() => this.files.filter(file => path.dirname(file) === folder).map(file => path.basename(file)))
  }

  size(file: string): Promise<number> {
    return this.#do(() => this.#inode(file).seen.length)
  }

  read(file: string): Promise<Buffer> {
    return this.#do(() => this.contents(file))
  }

  create(file: string): Promise<DiskFile> {
    return this.#do(() => {
      const known = this.#names.get(file)
      if (known !== undefined) {
        change(known, { kind: 'truncate', length: 0 })
        return this.#handle(known)
      }
      const inode = { seen: Buffer.alloc(0), synced: Buffer.alloc(0), unsynced: [] }
      this.#rename({ kind: 'link', name: file, file: inode })
      return this.#handle(inode)
    })
  }

  open(file: string): Promise<DiskFile> {
    return this.#do(() => this.#handle(this.#inode(file)))
  }

  rename(from: string, to: string): Promise<void> {
    return this.#do(() => this.#rename({ kind: 'rename', from, to, file: this.#inode(from) }))
  }

  remove(file: string): Promise<void> {
    return this.#do(() => {
      if (this.#names.has(file)) this.#rename({ kind: 'unlink', name: file })
    })
  }

  syncFolder(): Promise<void> {
    return this.#do(() => {
      for (const change of this.#unsyncedNames.splice(0)) applyName(this.#syncedNames, change)
    })
  }

  #handle(file: Inode): DiskFile {
    this.opened++
    return {
      append: bytes => this.#append(file, Buffer.from(bytes)),
      read: (into, position) => this.#do(() => file.seen.copy(into, 0, Math.min(position, file.seen.length))),
      sync: () => this.#sync(file),
      truncate: length => this.#do(() => change(file, { kind: 'truncate', length })),
      close: () => this.#do(() => {})
    }
  }

  // A write that fails may have written any part of it.
  #append(file: Inode, bytes: Buffer): Promise<void> {
    const write = (length: number) =>
      change(file, { kind: 'write', at: file.seen.length, bytes: bytes.subarray(0, length) })
    return this.#do(
      () => {
        const room = this.capacity - this.#used()
        write(Math.min(bytes.length, Math.max(0, room)))
        if (room < bytes.length) throw failure({ code: 'ENOSPC', when: 'after' })
      },
      () => write(Math.floor(this.#random() * (bytes.length + 1)))
    )
  }

  // What a sync that failed did not write may never be written, though programs still see it.
  #sync(file: Inode): Promise<void> {
    return this.#do(
      () => {
        for (const change of file.unsynced.splice(0)) file.synced = applied(file.synced, change)
      },
      () => {
        for (const change of file.unsynced.splice(0)) {
          const fate = this.#random()
          if (fate < 0.4) file.synced = applied(file.synced, change)
          else if (fate < 0.7) file.unsynced.push(change)
        }
      }
    )
  }

  /** Runs `work` a turn later, unless it fails: then `partly` is what happened of it, where it happened at all. */
  async #do<T>(work: () => T, partly: () => unknown = work): Promise<T> {
    const life = this.#lives
    await new Promise(setImmediate)
    if (life !== this.#lives) return new Promise<T>(() => {})
    const fault = this.faults.shift() ?? this.broken
    if (fault === undefined) return work()
    if (fault.when === 'after') partly()
    throw failure(fault)
  }

  #inode(file: string): Inode {
    const inode = this.#names.get(file)
    if (inode === undefined) throw Object.assign(new Error(`ENOENT: no such file, open '${file}'`), { code: 'ENOENT' })
    return inode
  }

  #rename(change: NameChange): void {
    applyName(this.#names, change)
    this.#unsyncedNames.push(change)
  }

  #used(): number {
    return [...this.#names.values()].reduce((sum, { seen }) => sum + seen.length, 0)
  }

  #surviveOrNot(file: Inode, change: Change): void {
    const fate = this.#random()
    if (fate < 0.4) return
    const torn = change.kind === 'write' && fate < 0.7
    file.synced = applied(file.synced, torn ? this.#tear(change) : change)
  }

  #tear({ kind, at, bytes }: Extract<Change, { kind: 'write' }>): Change {
    const from = this.#random() < 0.5 ? 0 : Math.floor(this.#random() * bytes.length)
    const to = from + Math.floor(this.#random() * (bytes.length - from))
    return { kind, at: at + from, bytes: bytes.subarray(from, to) }
  }
}

/** The same numbers for the same seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function change(file: Inode, change: Change): void {
  file.seen = applied(file.seen, change)
  file.unsynced.push(change)
}

/** What was never written between is zeros. */
function applied(bytes: Buffer, change: Change): Buffer {
  if (change.kind === 'truncate') {
    const cut = Buffer.alloc(change.length)
    bytes.copy(cut)
    return cut
  }
  if (change.bytes.length === 0) return bytes
  const grown = Buffer.alloc(Math.max(bytes.length, change.at + change.bytes.length))
  bytes.copy(grown)
  change.bytes.copy(grown, change.at)
  return grown
}

function applyName(names: Map<string, Inode>, change: NameChange): void {
  if (change.kind === 'link') names.set(change.name, change.file)
  else if (change.kind === 'unlink') names.delete(change.name)
  else {
    names.delete(change.from)
    names.set(change.to, change.file)
  }
}

function failure({ code }: Fault): Error {
  return Object.assign(new Error(`${code}: simulated`), { code })
}
