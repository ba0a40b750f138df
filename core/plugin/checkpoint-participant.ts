/**
 * A component with state that is part of checkpoints. A checkpoint is one moment for all: receivers and processors are
 * asked between two batches, exporters once everything that was emitted before then has left the sending queues.
 */
export interface CheckpointParticipant {
  /** Bytes of the component's own, versioned, format. What has been emitted already is not part of it. */
  snapshot?(): Uint8Array
  /**
   * The same bytes as `snapshot`, in steps of a few ms: between them others have their turn, but nothing is forwarded
   * and no time goes by. For state that is large.
   */
  snapshotInSteps?(): Generator<void, Uint8Array>
  /**
   * Called before `start`, on a fresh component. Throws if the bytes cannot be understood: Weir then refuses to start.
   */
  restore?(state: Uint8Array): void
  /**
   * The checkpoint of the last `snapshot` is durable: a restart begins there, or later. A source commits the positions
   * that were in it. Numbers grow, also from one run to the next.
   */
  committed?(checkpointId: number): void
}
