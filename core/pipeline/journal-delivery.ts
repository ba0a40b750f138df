import type { JournalConfig } from '../config/service.ts'
import { type Checkpoint, readCheckpoint } from '../journal/checkpoint.ts'
import { type Disk, realDisk } from '../journal/disk.ts'
import { Journal } from '../journal/journal.ts'
import { listSegments, SegmentScanner } from '../journal/segment.ts'
import { VirtualClock } from '../telemetry/virtual-clock.ts'
import type { Topology } from './build.ts'
import { Checkpointer, restoreSnapshots } from './checkpointer.ts'
import { Component, type Services } from './component.ts'
import { JournaledEntrance } from './journaled-entrance.ts'
import type { StateKeeper } from './lifecycle.ts'

/** What an earlier run left in the journal's folder. */
export interface Recovered {
  readonly checkpoint: Checkpoint | undefined
  /** Stands where processors' time stood. */
  readonly pipelineClock: VirtualClock
}

/** Reads what there is, before components are created. With `discardState` what processors knew is forgotten. */
export async function recoverJournal(
  folder: string,
  now: number,
  discardState: boolean,
  disk = realDisk
): Promise<Recovered> {
  await disk.makeFolder(folder)
  const checkpoint = await readCheckpoint(disk, folder)
  const time = checkpoint?.time ?? (await beginningOf(folder, disk)) ?? now
  const kept = checkpoint && discardState ? { ...checkpoint, snapshots: new Map() } : checkpoint
  return { checkpoint: kept, pipelineClock: new VirtualClock(time) }
}

/** Delivery level `journal` for a topology: its entrance, and what keeps its state. */
export async function deliverByJournal(
  config: JournalConfig,
  recovered: Recovered,
  topology: Topology,
  services: Services,
  disk: Disk = realDisk
): Promise<{ readonly component: Component; readonly entrance: JournaledEntrance; readonly keeper: StateKeeper }> {
  const { checkpoint, pipelineClock } = recovered
  const { clock, ownedCredits } = services
  const { folder } = config
  const component = new Component('journal', 'journal', undefined, services.log)
  const journal = await Journal.open(
    {
      disk,
      folder,
      segmentBytes: config.segment_size,
      maxBytes: config.max_size,
      series: services.series,
      onCommitted: entry => entrance.committed(entry),
      onFailed: error => entrance.failed(error)
    },
    checkpoint?.nextEntry ?? 0
  )
  const sinks = new Map(topology.receivers.map(({ component, sink }) => [component.id, sink]))
  const { account, log } = component
  const status: Component['setStatus'] = (state, reason) => component.setStatus(state, reason)
  const entrance = new JournaledEntrance({ journal, sinks, pipelineClock, clock, ownedCredits, account, log, status })
  const intervalMs = config.checkpoint_interval
  const checkpointer = new Checkpointer({
    disk,
    folder,
    journal,
    topology,
    entrance,
    pipelineClock,
    clock,
    log,
    intervalMs
  })
  exposeMetrics(services, journal, checkpointer)
  return {
    component,
    entrance,
    keeper: keepInCheckpoints(checkpointer, checkpoint, journal, entrance, topology, folder)
  }
}

function keepInCheckpoints(
  checkpointer: Checkpointer,
  checkpoint: Checkpoint | undefined,
  journal: Journal,
  entrance: JournaledEntrance,
  topology: Topology,
  folder: string
): StateKeeper {
  return {
    async restore() {
      if (checkpoint !== undefined) restoreSnapshots(topology, checkpoint, folder)
    },
    async begin() {
      // Before the first entry, so that a replay begins as this run did.
      await checkpointer.take()
      entrance.start()
      checkpointer.start()
    },
    async ready() {},
    async save() {
      checkpointer.stop()
      const saved = await checkpointer.takeLast()
      await journal.close()
      return saved
    }
  }
}

async function beginningOf(folder: string, disk: Disk): Promise<number | undefined> {
  const [first] = await listSegments(disk, folder)
  const scanner = first === undefined ? undefined : await SegmentScanner.open(disk, first)
  await scanner?.close()
  return scanner?.header.begun
}

function exposeMetrics({ metrics }: Services, journal: Journal, checkpointer: Checkpointer): void {
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.add({ name, help, type: 'gauge', read: () => [{ labels: {}, value: read() }] })
  gauge('weir_journal_bytes', 'Size of the journal on disk.', () => journal.bytes)
  gauge('weir_journal_unread_entries', 'Entries not yet processed.', () => journal.unread)
  gauge('weir_checkpoint_age_seconds', 'Time since the last checkpoint.', () => checkpointer.ageMs / 1000)
}
