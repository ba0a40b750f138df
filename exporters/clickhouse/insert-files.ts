import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The files by which rows reach the embedded engine: it takes binary formats from a file, and a file needs no copy on the
 * way to its process.
 */
export class InsertFiles {
  readonly #folder: string
  #written = 0

  /** @param folder of the database */
  constructor(folder: string) {
    this.#folder = join(folder, 'weir-inserts')
  }

  /** Removes the files that a crash left behind. */
  async clear(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Gives `use` the path of a file that holds `chunks`, and removes it afterwards. */
  async with<T>(chunks: readonly Uint8Array[], use: (path: string) => Promise<T>): Promise<T> {
    const path = join(this.#folder, `${process.pid}-${this.#written++}.native`)
    try {
      // Somebody may have cleared it away.
      await mkdir(this.#folder, { recursive: true })
      await writeFile(path, chunks)
      return await use(path)
    } finally {
      await rm(path, { force: true })
    }
  }
}
