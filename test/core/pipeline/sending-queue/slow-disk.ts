import type { DiskFile } from '../../../../core/journal/disk.ts'
import { SimulatedDisk } from '../../journal/simulated-disk.ts'

/** Syncs wait until they are allowed. */
export class SlowDisk extends SimulatedDisk {
  syncsAllowed = Number.POSITIVE_INFINITY

  override async create(file: string): Promise<DiskFile> {
    const handle = await super.create(file)
    return {
      ...handle,
      sync: async () => {
        // Unreferenced, or a test that fails meanwhile would never end.
        while (this.syncsAllowed === 0) await new Promise(resolve => setImmediate(resolve).unref())
        this.syncsAllowed--
        await handle.sync()
      }
    }
  }
}
