import path from 'node:path'
import { WeirError } from '../../errors.ts'
import type { Disk } from '../../journal/disk.ts'
import type { LanePosition } from '../checkpoint/file.ts'
import type { Services } from '../graph/component.ts'
import type { BuiltExporter } from '../graph/topology.ts'
import { Backlog } from './disk-buffer.ts'

const FOLDER = 'lanes'
const EMPTY = { next: 0, end: 0 }

/**
 * Gives lanes their disk, beside the journal, as the checkpoint knew it; with all that is there where it does not say.
 * Throws `STATE_INVALID` where one is damaged, or, unless gaps are allowed, where some of it is missing, or something
 * waits for an exporter that is gone.
 */
export async function openBacklogs(
  exporters: readonly BuiltExporter[],
  positions: ReadonlyMap<string, LanePosition> | undefined,
  folder: string,
  { clock, series }: Services,
  { disk, areGapsAllowed }: { readonly disk: Disk; readonly areGapsAllowed: boolean }
): Promise<void> {
  const lanes = exporters.filter(({ lane }) => lane.backlogCapacityBytes > 0)
  for (const id of areGapsAllowed ? [] : waitedForIn(positions)) {
    const { next, end } = positions!.get(id)!
    if (!lanes.some(({ component }) => component.id === id)) throw orphaned(id, end - next, folder)
  }
  for (const { component, lane } of lanes) {
    const backlog = await Backlog.open({
      disk,
      folder: path.join(folder, FOLDER, encodeURIComponent(component.id)),
      clock,
      series,
      maxBytes: lane.backlogCapacityBytes,
      position: positions === undefined ? undefined : (positions.get(component.id) ?? EMPTY),
      areGapsAllowed
    })
    lane.useBacklog(backlog)
  }
}

/** Exporters for which something waits on disk. */
export function waitedForIn(positions: ReadonlyMap<string, LanePosition> | undefined): Set<string> {
  return new Set([...(positions ?? [])].filter(([, { next, end }]) => next < end).map(([id]) => id))
}

function orphaned(id: string, entries: number, folder: string): WeirError {
  return new WeirError(
    'STATE_INVALID',
    `${entries} batches wait on disk for exporter ${id}, in ${path.join(folder, FOLDER)}, but the configuration has no such exporter with a queue on disk; bring it back until they are sent, or start with --discard-state to leave them there`
  )
}
