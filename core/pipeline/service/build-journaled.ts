import type { JournalConfig } from '../../config/service.ts'
import { WeirError } from '../../errors.ts'
import { type Disk, realDisk } from '../../journal/disk.ts'
import { Journal } from '../../journal/journal.ts'
import { listSegments, SegmentScanner } from '../../journal/segment.ts'
import { VirtualClock } from '../../telemetry/virtual-clock.ts'
import { CheckpointCoordinator } from '../checkpoint/coordinator.ts'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../checkpoint/file.ts'
import { restoreSnapshots } from '../checkpoint/participants.ts'
import { Component } from '../graph/component.ts'
import type { Services } from '../graph/services.ts'
import { sinksOf, type Topology } from '../graph/topology.ts'
import { JournaledIngress } from '../ingest/journaled-ingress.ts'
import { openDiskBuffers } from '../sending-queue/open-disk-buffers.ts'
import type { StateBackend } from './lifecycle.ts'

/** The state of an earlier run, from the journal's folder. */
export interface Recovered {
  readonly checkpoint: Checkpoint | undefined
  /** True if `checkpoint` is the one on disk. */
  readonly isStored: boolean
  /** Shows the time at which processors stood. */
  readonly pipelineClock: VirtualClock
}

/**
 * Reads the state, before components are created. With `discardState` the state of processors is forgotten. If the
 * checkpoint is damaged or missing they get all entries that the journal still has.
 */
export async function recoverJournal(
  folder: string,
  now: number,
  discardState: boolean,
  disk = realDisk
): Promise<Recovered> {
  await disk.makeFolder(folder)
  if (discardState) {
    const checkpoint = (await checkpointIfWhole(disk, folder)) ?? (await beginningOf(disk, folder))
    const kept = checkpoint && { ...checkpoint, snapshots: new Map() }
    return { checkpoint: kept, isStored: false, pipelineClock: new VirtualClock(checkpoint?.time ?? now) }
  }
  const checkpoint = await readCheckpoint(disk, folder)
  const beginning = checkpoint ?? (await beginningOf(disk, folder))
  if (checkpoint === undefined && beginning !== undefined && beginning.nextEntry > 0) {
    throw new WeirError(
      'STATE_INVALID',
      `there is no checkpoint in ${folder}, and its journal begins with entry ${beginning.nextEntry}; bring the checkpoint back from a copy, or start with --discard-state`
    )
  }
  return { checkpoint, isStored: checkpoint !== undefined, pipelineClock: new VirtualClock(beginning?.time ?? now) }
}

/** Delivery level `journal` for a topology: its ingress, and the keeper of its state. */
export async function buildJournaled(
  config: JournalConfig,
  recovered: Recovered,
  topology: Topology,
  services: Services,
  disk: Disk = realDisk
): Promise<{ readonly component: Component; readonly ingress: JournaledIngress; readonly stateBackend: StateBackend }> {
  const { checkpoint, isStored } = recovered
  const { folder } = config
  const component = new Component('journal', 'journal', undefined, services.log, services)
  const journal = await openJournal(config, checkpoint, services, disk, () => ingress)
  if (journal.tornBytes > 0)
    component.log.warn(
      { bytes: journal.tornBytes },
      'cut off a half-written entry of a crash; no sender was told it was kept'
    )
  const ingress = ingressOf(journal, component, recovered, services)
  services.entrySettlements = ingress.entrySettlements
  ingress.connect(sinksOf(topology, services))
  const { cooperative, settlements, clock } = services
  const coordinator = new CheckpointCoordinator({
    store: {
      write: checkpoint => writeCheckpoint(disk, folder, checkpoint),
      removeBefore: entry => journal.removeBefore(entry)
    },
    topology,
    ingress,
    settlements,
    cooperative,
    pipelineClock: recovered.pipelineClock,
    clock,
    log: component.log,
    intervalMs: config.checkpoint_interval,
    lastId: checkpoint?.id ?? 0
  })
  exposeMetrics(services, journal, coordinator)
  const positions = checkpoint === undefined ? new Map() : checkpoint.queuePositions
  // State is discarded: disk buffers may then be incomplete, or belong to no exporter.
  const areGapsAllowed = checkpoint !== undefined && !isStored
  await openDiskBuffers(topology.exporters, positions, folder, services, { disk, areGapsAllowed })
  const stateBackend = stateInCheckpoints(coordinator, recovered, journal, ingress, topology, folder)
  return { component, ingress, stateBackend }
}

/** @param listener the ingress, which is told of commits; it is made once the journal is open */
function openJournal(
  { folder, segment_size, max_size, compression }: JournalConfig,
  checkpoint: Checkpoint | undefined,
  { clock, series }: Services,
  disk: Disk,
  listener: () => JournaledIngress
): Promise<Journal> {
  const options = {
    disk,
    folder,
    clock,
    segmentBytes: segment_size,
    isCompressed: compression === 'zstd',
    maxBytes: max_size,
    series,
    onCommitted: (entry: number) => listener().committed(entry),
    onFailed: (error: Error) => listener().failed(error)
  }
  return Journal.open(options, checkpoint?.nextEntry ?? 0)
}

function ingressOf(
  journal: Journal,
  component: Component,
  { pipelineClock }: Recovered,
  { clock, outputBudget, heldCredits, settlements, cooperative, deadLetters }: Services
): JournaledIngress {
  return new JournaledIngress({
    journal,
    pipelineClock,
    clock,
    outputBudget,
    heldCredits,
    settlements,
    cooperative,
    account: component.account,
    deadLetters,
    log: component.log,
    status: (state, reason) => component.setStatus(state, reason)
  })
}

function stateInCheckpoints(
  coordinator: CheckpointCoordinator,
  { checkpoint, isStored }: Recovered,
  journal: Journal,
  ingress: JournaledIngress,
  topology: Topology,
  folder: string
): StateBackend {
  return {
    async restore() {
      if (checkpoint !== undefined) restoreSnapshots(topology, checkpoint, folder)
    },
    async begin() {
      // Before the first entry, so that a replay begins as this run did.
      if (!isStored && !(await coordinator.take()))
        throw new WeirError('COMPONENT_FAILED', `cannot write the first checkpoint into ${folder}; see the log for why`)
      ingress.start()
      coordinator.start()
    },
    async ready() {},
    hold: () => coordinator.hold(),
    release: () => coordinator.start(),
    reloaded: () => coordinator.takeHeld(),
    checkpoint: () => coordinator.takeAnew(),
    async save() {
      coordinator.stop()
      await ingress.deadLettersWritten()
      const saved = await coordinator.takeLast()
      await journal.close()
      return saved
    }
  }
}

async function checkpointIfWhole(disk: Disk, folder: string): Promise<Checkpoint | undefined> {
  try {
    return await readCheckpoint(disk, folder)
  } catch (error) {
    if (WeirError.is(error)) return undefined
    throw error
  }
}

/** The beginning of the journal, as a checkpoint without state. */
async function beginningOf(disk: Disk, folder: string): Promise<Checkpoint | undefined> {
  const [first] = await listSegments(disk, folder)
  const scanner = first === undefined ? undefined : await SegmentScanner.open(disk, first)
  await scanner?.close()
  return (
    scanner && {
      nextEntry: scanner.header.firstEntry,
      time: scanner.header.begun,
      snapshots: new Map(),
      queuePositions: undefined
    }
  )
}

function exposeMetrics({ metrics }: Services, journal: Journal, coordinator: CheckpointCoordinator): void {
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.add({ name, help, type: 'gauge', read: () => [{ labels: {}, value: read() }] })
  gauge('weir_journal_bytes', 'Size of the journal on disk.', () => journal.bytes)
  gauge('weir_journal_unread_entries', 'Entries not yet processed.', () => journal.unread)
  gauge('weir_checkpoint_age_seconds', 'Time since the last checkpoint.', () => coordinator.ageMs / 1000)
}
