import type { Batch } from '../../batch/batch.ts'
import type { CreditPool } from '../../batch/credits.ts'
import type { SettlementToken } from '../../batch/settlement.ts'
import type { Context } from '../../plugin/context.ts'
import type { CheckpointParticipant } from '../../plugin/contract.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { ComponentClock } from '../../telemetry/component-clock.ts'

/** A processor in a pipeline. What it emits goes to the output it was made with. */
export interface Stage {
  /** False while no batch should enter its pipeline: its operator failed and is not started anew yet, or its processor is behind. */
  readonly isReady: boolean
  /** Call before the first batch, when all behind it is open. */
  open(): void
  /** Takes the handle over. Never throws. */
  push(batch: Batch): void
  /** A batch of `source` was refused in front of the pipeline. */
  inputRefused?(source: string): void
  /** No batch comes any more. Resolves once the last was emitted. */
  finish(): Promise<void>
  /** Nacks the batches inside. */
  abandon(error: Error): void
  /**
   * The batches inside its operator, as a part of checkpoints. Undefined for processors that write them down
   * themselves.
   */
  readonly held: HeldState | undefined
}

/** Batches inside an operator, as a checkpoint has them. */
export interface HeldState extends CheckpointParticipant {
  /** True if they can be written down now. */
  readonly areWhole: boolean
  readonly isEmpty: boolean
  /** Settlements that depend on nothing else: checkpoints need not wait for them. */
  readonly tokens: ReadonlySet<SettlementToken>
  /** Until `thaw` nothing is emitted: processors behind it are being written down. */
  freeze(): void
  thaw(): void
  snapshot(): Uint8Array
  restore(state: Uint8Array): void
  /** As `snapshot`; from then on they are the taker's. */
  release(): Uint8Array
}

/** All that a stage needs besides its processor. */
export interface StageHost {
  readonly context: Pick<Context, 'account' | 'log' | 'status' | 'instruments' | 'series' | 'adopt'>
  /** The processor's. */
  readonly clock: ComponentClock
  /** The machine's clock, for pauses. */
  readonly machineClock: Clock
  readonly heldCredits: CreditPool
  /** True if entries are replayed after a crash. */
  readonly replayed: boolean
  /** True if the pipeline ends for a reload, and not for good. */
  isReloading(): boolean
}
