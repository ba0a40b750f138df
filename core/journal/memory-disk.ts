import path from 'node:path'
import type { Disk, DiskFile } from './disk.ts'

const FIRST_BYTES = 1024

interface MemoryFile {
  bytes: Buffer
  length: number
}

/** Files in memory. They outlive a process that is killed, as those of a disk do, and end with this one. */
export class MemoryDisk implements Disk {
  /** By their absolute paths. */
  #files = new Map<string, MemoryFile>()

  async makeFolder(): Promise<void> {}

  async list(folder: string): Promise<string[]> {
    const names = [...this.#files.keys()].filter(file => path.dirname(file) === path.resolve(folder))
    return names.map(file => path.basename(file)).sort()
  }

  async size(file: string): Promise<number> {
    return this.#file(file).length
  }

  async read(file: string): Promise<Buffer> {
    const { bytes, length } = this.#file(file)
    return Buffer.from(bytes.subarray(0, length))
  }

  async create(file: string): Promise<DiskFile> {
    const created = { bytes: Buffer.alloc(FIRST_BYTES), length: 0 }
    this.#files.set(path.resolve(file), created)
    return this.#handle(created)
  }

  async open(file: string): Promise<DiskFile> {
    return this.#handle(this.#file(file))
  }

  async rename(from: string, to: string): Promise<void> {
    this.#files.set(path.resolve(to), this.#file(from))
    this.#files.delete(path.resolve(from))
  }

  async remove(file: string): Promise<void> {
    this.#files.delete(path.resolve(file))
  }

  async syncFolder(): Promise<void> {}

  #handle(file: MemoryFile): DiskFile {
    return {
      append: async bytes => this.#append(file, bytes),
      async read(into, position) {
        const end = Math.min(file.length, position + into.length)
        return file.bytes.copy(into, 0, Math.min(position, end), end)
      },
      sync: async () => {},
      async truncate(length) {
        file.length = length
      },
      close: async () => {}
    }
  }

  #append(file: MemoryFile, added: Uint8Array): void {
    const length = file.length + added.length
    if (length > file.bytes.length) {
      const grown = Buffer.alloc(Math.max(length, 2 * file.bytes.length))
      file.bytes.copy(grown, 0, 0, file.length)
      file.bytes = grown
    }
    file.bytes.set(added, file.length)
    file.length = length
  }

  #file(file: string): MemoryFile {
    const found = this.#files.get(path.resolve(file))
    if (found === undefined) throw Object.assign(new Error(`ENOENT: no such file, '${file}'`), { code: 'ENOENT' })
    return found
  }
}
