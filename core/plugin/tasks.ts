import type { Attribute } from '../model/attributes.ts'
import type { Block } from '../model/block.ts'
import type { CheckpointParticipant } from './checkpoint-participant.ts'

/** One step of a partition: items, or the news that time has gone by. */
export interface PartitionEntry {
  /** Grows from entry to entry, not always by 1. A checkpoint after it continues behind it. */
  readonly number: number
  /** Unix ms, never less than in the entry before: the time that processors see. */
  readonly time: number
  /** Undefined if only time went by. Booked as in flight in the account of the receiver. */
  readonly block: Block | undefined
  /** See `Origin`. */
  readonly request?: string | undefined
}

/** The entries of a partition, in an order that never changes. */
export interface PartitionEntries {
  /** Entries that can be read now. */
  readonly unread: number
  /** The next entry. Undefined if there is none now. */
  read(): PartitionEntry | undefined
}

export interface TaskOptions {
  /** Name of the partition: `orders/3`. */
  readonly partition: string
  /** What `keep` was given last. Undefined: a partition without history. */
  readonly state: Uint8Array | undefined
  /** Unix ms. Where the clock of a task without state begins. */
  readonly time: number
  readonly entries: PartitionEntries
  /** The reader of the partition: its state is part of checkpoints, as that of processors is. */
  readonly source: CheckpointParticipant
  /** Number of the entry that is read first. */
  readonly next: number
  /** Given to all output, so that tasks never write the same series. */
  readonly outputAttribute: Attribute | undefined
  /** ms between checkpoints. */
  readonly checkpointInterval: number
  /**
   * Keeps a checkpoint; durable when it resolves. A restart gives `state`, in one piece, to the next task, and reads
   * entries from `next` on; `time` is what processors had been shown then, Unix ms.
   */
  keep(state: readonly Uint8Array[], next: number, time: number): Promise<void>
}

/**
 * The processors of a receiver's pipelines, for one partition: with state, clock and checkpoints of their own. The same
 * entries after the same checkpoint make the same output, in this process or another.
 */
export interface Task {
  /** The entry that is forwarded next. */
  readonly next: number
  /** Unix ms at which a processor waits for time to have gone by; Infinity if none does. */
  readonly nextTimer: number
  /** The time that processors see, Unix ms. */
  readonly time: number
  /** Entries may have come. */
  wake(): void
  /** Resolves to whether a checkpoint of all that was forwarded is kept. */
  checkpoint(): Promise<boolean>
  /**
   * Forwards nothing more, and ends. Resolves to whether a last checkpoint was kept before `deadline`; without one the
   * next task repeats what was forwarded since the last.
   */
  close(deadline: AbortSignal): Promise<boolean>
}

/** Runs the pipelines of a receiver once for each partition. */
export interface Tasks {
  /** Throws `STATE_INVALID` if the processors cannot use the state. */
  open(options: TaskOptions): Promise<Task>
}
