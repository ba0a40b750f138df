import type { Disk, DiskFile } from '../../../core/journal/disk.ts'
import type { SimulatedDisk } from './simulated-disk.ts'

/** `disk` as one process has it: nothing is done any more for what that had not heard of its end. */
export function inOneLife(disk: SimulatedDisk): Disk {
  const { lives } = disk
  const alive =
    <A extends unknown[], T>(operation: (...args: A) => Promise<T>) =>
    (...args: A): Promise<T> =>
      disk.lives === lives ? operation(...args) : new Promise(() => {})
  const ofLiving = ({ append, read, sync, truncate, close }: DiskFile): DiskFile => ({
    append: alive(append),
    read: alive(read),
    sync: alive(sync),
    truncate: alive(truncate),
    close: alive(close)
  })
  return {
    makeFolder: alive(() => disk.makeFolder()),
    list: alive(folder => disk.list(folder)),
    size: alive(file => disk.size(file)),
    read: alive(file => disk.read(file)),
    create: alive(async file => ofLiving(await disk.create(file))),
    open: alive(async file => ofLiving(await disk.open(file))),
    rename: alive((from, to) => disk.rename(from, to)),
    remove: alive(file => disk.remove(file)),
    syncFolder: alive(() => disk.syncFolder())
  }
}
