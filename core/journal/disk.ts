import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** A large file goes in pieces of this many bytes, with pauses: freed at once it would hold up every sync for 100 ms. */
const FREED_BYTES = 4 * 2 ** 20
const FREE_PAUSE_MS = 5
/** A large file is synced each time so many bytes are written. At once it would hold up every sync for 60 ms. */
const SYNCED_BYTES = 4 * 2 ** 20

/**
 * The file operations of the journal. A test has a disk that loses unsynced writes. Every operation may reject with
 * Node's errors, such as ENOSPC.
 */
export interface Disk {
  /** With those it is in; durable. */
  makeFolder(folder: string): Promise<void>
  /** File names in `folder`, sorted. */
  list(folder: string): Promise<string[]>
  size(file: string): Promise<number>
  read(file: string): Promise<Buffer>
  /** Truncates a file that is there. */
  create(file: string): Promise<DiskFile>
  /** For reading, and for cutting off a torn end. */
  open(file: string): Promise<DiskFile>
  /** Atomic; durable after {@link syncFolder}. */
  rename(from: string, to: string): Promise<void>
  /** No error if it is not there. */
  remove(file: string): Promise<void>
  syncFolder(folder: string): Promise<void>
}

export interface DiskFile {
  /** Appends all of `bytes` at the end of the file. */
  append(bytes: Uint8Array): Promise<void>
  /** Up to `into.length` bytes from `position`; returns how many there were. */
  read(into: Uint8Array, position: number): Promise<number>
  /** Resolves once all written bytes survive a power failure. */
  sync(): Promise<void>
  truncate(length: number): Promise<void>
  close(): Promise<void>
}

export const realDisk: Disk = {
  async makeFolder(folder) {
    const first = await mkdir(folder, { recursive: true })
    if (first === undefined) return
    // A folder survives a power failure once the one it is in is synced.
    const top = path.dirname(path.resolve(first))
    for (let made = path.resolve(folder); made !== top; made = path.dirname(made)) await syncFolder(path.dirname(made))
  },
  list: async folder => (await readdir(folder)).sort(),
  size: async file => (await stat(file)).size,
  read: readFile,
  create: file => openFile(file, 'w+'),
  open: file => openFile(file, 'r+'),
  rename,
  remove,
  syncFolder
}

/** Writes `pieces`, one after the other, to `file` so that either the old or the new content is there after a crash, never half of it. */
export async function replaceFile(disk: Disk, file: string, pieces: readonly Uint8Array[]): Promise<void> {
  const beside = `${file}.tmp`
  try {
    const handle = await disk.create(beside)
    try {
      await appendSynced(handle, pieces)
    } finally {
      await handle.close()
    }
    await disk.rename(beside, file)
  } catch (error) {
    // On a full disk half a file would take the room of others.
    await disk.remove(beside).catch(() => {})
    throw error
  }
  await disk.syncFolder(path.dirname(file))
}

async function appendSynced(file: DiskFile, pieces: readonly Uint8Array[]): Promise<void> {
  let unsynced = 0
  for (const piece of pieces)
    for (let at = 0; at < piece.length; at += SYNCED_BYTES) {
      const part = piece.subarray(at, at + SYNCED_BYTES)
      await file.append(part)
      unsynced += part.length
      if (unsynced < SYNCED_BYTES) continue
      await file.sync()
      unsynced = 0
    }
  await file.sync()
}

// By its handle: whatever happens meanwhile, nobody finds half of it.
async function remove(file: string): Promise<void> {
  const handle = await open(file, 'r+').catch(ignoreMissing)
  try {
    await rm(file, { force: true })
    if (handle !== undefined) await free(handle)
  } finally {
    await handle?.close()
  }
}

async function free(handle: FileHandle): Promise<void> {
  const { nlink, size } = await handle.stat()
  // It has another name, as in a copy made of hard links: that one stays as it is.
  if (nlink > 0) return
  for (let rest = size - FREED_BYTES; rest > 0; rest -= FREED_BYTES) {
    await handle.truncate(rest)
    await setTimeout(FREE_PAUSE_MS)
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}

async function openFile(file: string, flags: string): Promise<DiskFile> {
  const handle = await open(file, flags)
  let end = flags === 'w+' ? 0 : (await handle.stat()).size
  return {
    async append(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, end)
        at += bytesWritten
        end += bytesWritten
      }
    },
    read: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
    sync: () => handle.datasync(),
    async truncate(length) {
      await handle.truncate(length)
      end = length
    },
    close: () => handle.close()
  }
}
