import path from 'node:path'
import { WeirError } from '../../errors.ts'
import type { Disk } from '../../journal/disk.ts'
import { count } from '../../plural.ts'
import type { QueuePosition } from '../checkpoint/file.ts'
import type { Services } from '../graph/services.ts'
import type { BuiltExporter } from '../graph/topology.ts'
import { DiskBuffer } from './disk-buffer.ts'

const FOLDER = 'lanes'
const EMPTY = { next: 0, end: 0 }

/**
 * Gives sending queues their disk, beside the journal, as the checkpoint knew it. Without a known position they get all
 * that is there. Throws `STATE_INVALID` if a buffer is damaged. Unless gaps are allowed it also throws if entries are
 * missing, or wait for an exporter that is gone.
 */
export async function openDiskBuffers(
  exporters: readonly BuiltExporter[],
  positions: ReadonlyMap<string, QueuePosition> | undefined,
  folder: string,
  { clock, series }: Services,
  { disk, areGapsAllowed }: { readonly disk: Disk; readonly areGapsAllowed: boolean }
): Promise<void> {
  const sendingQueues = exporters.filter(({ sendingQueue }) => sendingQueue.diskBufferCapacityBytes > 0)
  for (const id of areGapsAllowed ? [] : exportersAwaited(positions)) {
    const { next, end } = positions!.get(id)!
    if (!sendingQueues.some(({ component }) => component.id === id)) throw orphaned(id, end - next, folder)
  }
  for (const { component, sendingQueue } of sendingQueues) {
    const diskBuffer = await DiskBuffer.open({
      disk,
      folder: path.join(folder, FOLDER, encodeURIComponent(component.id)),
      clock,
      series,
      maxBytes: sendingQueue.diskBufferCapacityBytes,
      position: positions === undefined ? undefined : (positions.get(component.id) ?? EMPTY),
      areGapsAllowed
    })
    sendingQueue.useDiskBuffer(diskBuffer)
  }
}

/** Exporters for which something waits on disk. */
export function exportersAwaited(positions: ReadonlyMap<string, QueuePosition> | undefined): Set<string> {
  return new Set([...(positions ?? [])].filter(([, { next, end }]) => next < end).map(([id]) => id))
}

function orphaned(id: string, entries: number, folder: string): WeirError {
  return new WeirError(
    'STATE_INVALID',
    `${count(entries, 'batch is', 'batches are')} on disk for exporter ${id}, in ${path.join(folder, FOLDER)}, but the configuration has no such exporter with a queue on disk; bring it back until all is sent, or start with --discard-state to leave it there`
  )
}
