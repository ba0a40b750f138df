import assert from 'node:assert/strict'
import { test } from 'node:test'
import pino from 'pino'
import { Journal } from '../../../../core/journal/journal.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { CheckpointCoordinator } from '../../../../core/pipeline/checkpoint/coordinator.ts'
import { readCheckpoint, writeCheckpoint } from '../../../../core/pipeline/checkpoint/file.ts'
import { restoreSnapshots } from '../../../../core/pipeline/checkpoint/participants.ts'
import { SettlementTracker } from '../../../../core/pipeline/checkpoint/settlement-tracker.ts'
import type { Topology } from '../../../../core/pipeline/graph/topology.ts'
import { CooperativeScheduler } from '../../../../core/pipeline/ingest/cooperative.ts'
import { FakeClock } from '../../../../sdk/plugin/testing.ts'
import { SimulatedDisk } from '../../journal/simulated-disk.ts'
import { turns } from '../journaled-run.ts'

const FOLDER = '/journal'

/** A source that knows how far it has read, as one of Kafka does. */
class Source {
  position = 0
  restored: number | undefined
  readonly committed: number[] = []
  readonly ids: number[] = []
  #pending = 0

  snapshot(): Uint8Array {
    this.#pending = this.position
    return Uint8Array.of(this.position)
  }

  restore([position]: Uint8Array): void {
    this.restored = position
  }

  /** As `committed` of the contract: what was in the last snapshot may be told to the broker. */
  readonly participant = {
    snapshot: () => this.snapshot(),
    restore: (state: Uint8Array) => this.restore(state),
    committed: (id: number) => {
      this.committed.push(this.#pending)
      this.ids.push(id)
    }
  }
}

/** Receiver `kafka` and exporter `sink` as participants, on a disk. */
async function setUp(disk = new SimulatedDisk(), lastId = 0) {
  const clock = new FakeClock()
  const [source, sink] = [new Source(), new Source()]
  const settlements = new SettlementTracker()
  const sendingQueue = {
    position: undefined,
    overflowToDisk: () => sendingQueue.overflowed++,
    removeBefore: async () => {},
    overflowed: 0
  }
  const topology = {
    receivers: [{ component: { name: 'receiver kafka' }, receiver: source.participant }],
    pipelines: [],
    exporters: [{ component: { id: 'sink', name: 'exporter sink' }, exporter: sink.participant, sendingQueue }]
  } as never as Topology
  const journal = await Journal.open(
    {
      disk,
      folder: FOLDER,
      clock,
      segmentBytes: 1000,
      maxBytes: 10_000,
      series: new SeriesTable(),
      onCommitted() {},
      onFailed() {}
    },
    0
  )
  const coordinator = new CheckpointCoordinator({
    store: {
      write: checkpoint => writeCheckpoint(disk, FOLDER, checkpoint),
      removeBefore: entry => journal.removeBefore(entry)
    },
    topology,
    ingress: { nextEntry: 7 },
    settlements,
    cooperative: new CooperativeScheduler(),
    pipelineClock: clock,
    clock,
    log: pino({ level: 'silent' }),
    intervalMs: 1000,
    lastId
  })
  return { disk, clock, source, sink, settlements, sendingQueue, topology, coordinator }
}

test('a source takes part: its snapshot is of the barrier, and it is told once that is durable', async () => {
  const { disk, source, settlements, coordinator } = await setUp()
  source.position = 3
  const before = settlements.open()
  const taken = coordinator.take()
  await turns(5)
  source.position = 5
  settlements.open()
  assert.deepEqual(source.committed, [], 'settlements open before have not closed')
  settlements.close(before)
  assert.equal(await taken, true)
  assert.deepEqual([source.committed, source.ids], [[3], [1]])
  const checkpoint = (await readCheckpoint(disk, FOLDER))!
  assert.deepEqual([checkpoint.id, checkpoint.nextEntry], [1, 7])
  const next = await setUp(disk)
  restoreSnapshots(next.topology, checkpoint, FOLDER)
  assert.equal(next.source.restored, 3)
})

test('exporters are asked once everything before has left the sending queues', async () => {
  const { sink, settlements, coordinator } = await setUp()
  const before = settlements.open()
  const taken = coordinator.take()
  await turns(5)
  sink.position = 9
  settlements.close(before)
  assert.equal(await taken, true)
  assert.deepEqual(sink.committed, [9])
})

test('numbers go on from the last run, and none is told of a checkpoint that was not written', async () => {
  const { disk, source, settlements, coordinator } = await setUp(new SimulatedDisk(), 41)
  assert.equal(await coordinator.take(), true)
  disk.broken = { code: 'ENOSPC', when: 'before' }
  assert.equal(await coordinator.take(), false)
  disk.broken = undefined
  const token = settlements.open()
  const taken = coordinator.take()
  await turns(5)
  settlements.returned(token)
  assert.equal(await taken, false)
  assert.deepEqual(source.ids, [42])
})

test('while it waits for backends the batches for them go to disk, again and again', async () => {
  const { clock, settlements, sendingQueue, coordinator } = await setUp()
  const token = settlements.open()
  const taken = coordinator.take()
  for (const [ms, overflowed] of [
    [999, 0],
    [1, 1],
    [1000, 2]
  ]) {
    await turns(5)
    clock.advance(ms)
    assert.equal(sendingQueue.overflowed, overflowed)
  }
  settlements.close(token)
  assert.equal(await taken, true)
  clock.advance(5000)
  assert.equal(sendingQueue.overflowed, 2)
})

test('at a stop it does not wait for settlements that nobody will close any more', async () => {
  const { settlements, coordinator, source } = await setUp()
  const token = settlements.open()
  assert.equal(await coordinator.takeLast(), false)
  settlements.close(token)
  const again = await setUp()
  assert.equal(await again.coordinator.takeLast(), true)
  assert.deepEqual(source.ids, [])
})

test('state of a participant that is gone is an error that says so', async () => {
  const { disk, topology, coordinator } = await setUp()
  await coordinator.take()
  const checkpoint = (await readCheckpoint(disk, FOLDER))!
  assert.throws(
    () => restoreSnapshots({ ...topology, receivers: [] }, checkpoint, FOLDER),
    /it has state of receiver kafka, which the configuration has no longer; start with --discard-state/
  )
})
