import type { Observable, OperatorFunction } from 'rxjs'
import type { Block } from '../model/block.ts'
import type { Batch } from '../pipeline/batch.ts'
import type { Context } from './context.ts'

/**
 * Version of this contract. 2: the host settles and books what RxJS operators hold. Plugins written for 1 still run, with a
 * warning; see docs/plugins.md for what to change.
 */
export const API_VERSION = 2
/** Plugins for older versions are refused. */
export const OLDEST_API_VERSION = 1

/** What this version can do beyond the first, by name: a plugin that says it `needs` one is refused where it is missing. */
export const CAPABILITIES = [
  'adopt',
  'batch_processor',
  'checkpoint_participant',
  'failed_items',
  'owned_batch',
  'scheduler'
] as const
export type Capability = (typeof CAPABILITIES)[number]

export type Kind = 'receiver' | 'processor' | 'exporter'
export type Stability = 'development' | 'alpha' | 'beta' | 'stable'
/** What flows through a port; `any` takes whatever comes and, as an output, hands on what came in. */
export type Port = Block['type'] | 'any'

/**
 * JSON Schema (draft-07) of a component's configuration, an object at the top. Every property has a `description` and,
 * unless it is required, a `default`; unknown keys are refused. Use `duration()` and `byteSize()` for such values:
 * users write `10s` and `64MiB`, `create` gets milliseconds and bytes.
 */
export type ConfigSchema = {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
} & JsonSchema
export type JsonSchema = { readonly [keyword: string]: unknown }

interface Definition<K extends Kind, C, Instance> {
  readonly api: typeof OLDEST_API_VERSION | typeof API_VERSION
  readonly kind: K
  /** lower_snake_case; what users write in the YAML. */
  readonly type: string
  readonly stability: Stability
  /** One sentence for `weir components`. */
  readonly description: string
  readonly schema: ConfigSchema
  /** Without which it cannot run. */
  readonly needs?: readonly Capability[]
  /** Rules between fields, each broken one as `{ path, message }`; `path` as in `['windows', 0]`. */
  check?(config: C): ConfigProblem[]
  /** Builds the component; must not touch network, disk or timers yet (`start` may). */
  create(config: C, context: Context): Instance
}

export interface ConfigProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

export interface ReceiverPlugin<C = unknown> extends Definition<'receiver', C, Receiver> {
  readonly ports: { readonly out: Port }
  /** The most it will remember, in bytes, for `weir validate`. */
  memoryBound?(config: C): number
  /** It sends measurements as they come, so that several of one series may have one time. */
  readonly unaggregated?: boolean
}
export interface ProcessorPlugin<C = unknown> extends Definition<'processor', C, Processor> {
  readonly ports: { readonly in: Port; readonly out: Port }
  /** Whether it acknowledges what it takes before exporters have what comes of it, as windows do. */
  readonly ownsData?: boolean
  /** The most it will remember, in bytes, for `weir validate`. */
  memoryBound?(config: C): number
  /** What becomes of data that comes after its window was sent, in words that follow its id, for `weir validate`. */
  latePolicy?(config: C): string
  /** What it reads besides what comes in, such as a file: where that changes before a replay, so does what it makes. */
  alsoReads?(config: C): string
  /** True where it makes one point of all measurements of one series and time, of every kind but gauges. */
  aggregates?(config: C): boolean
  /** Whether it corrects values it put out before: every exporter behind it must then `replace`. */
  amends?(config: C): boolean
  /** Whether it hands batches back by itself (`gate`), as no processor can behind a journal. */
  handsBack?(config: C): boolean
}
export interface ExporterPlugin<C = unknown> extends Definition<'exporter', C, Exporter> {
  readonly ports: { readonly in: Port }
  /** Default: `identical`. */
  upsert?(config: C): Upsert
  /** True where its store keeps one value of a series and time: `weir validate` warns of measurements that arrive unaggregated. */
  keepsOnePerTime?(config: C): boolean
}
/**
 * What a store keeps where two values come for one series and time. `identical`: one of them where they are the same, no
 * telling where they differ; `max`: the larger; `replace`: the one that came last.
 */
export type Upsert = 'identical' | 'max' | 'replace'
export type Plugin<C = unknown> = ReceiverPlugin<C> | ProcessorPlugin<C> | ExporterPlugin<C>

/**
 * A component with state that is part of checkpoints. A checkpoint is one moment for all: receivers and processors are
 * asked between two batches, exporters once everything that was put out before then has left the sending queues.
 */
export interface CheckpointParticipant {
  /** Bytes of the component's own, versioned, format. What has been put out already is not part of it. */
  snapshot?(): Uint8Array
  /**
   * The same bytes as `snapshot`, in steps of a few ms: between them others have their turn, but nothing is forwarded and no
   * time goes by. For state that is large.
   */
  snapshotInSteps?(): Generator<void, Uint8Array>
  /** Before `start`, on a fresh component. Throws where the bytes cannot be understood: Weir then refuses to start. */
  restore?(state: Uint8Array): void
  /**
   * The checkpoint of the last `snapshot` is durable: a restart begins there, or later. A source commits the positions that
   * were in it. Numbers grow, also from one run to the next.
   */
  committed?(checkpointId: number): void
}

/** Both idempotent; `stop` may come without `start`. A `start` that rejects stops Weir with its message. */
export interface Lifecycle {
  start?(signal: AbortSignal): Promise<void>
  stop?(signal: AbortSignal): Promise<void>
}

/** Where data comes in. Makes batches with `context.batch` and completes `batches$` in `stop`, before anything else. */
export interface Receiver extends Lifecycle, CheckpointParticipant {
  readonly batches$: Observable<Batch>
}

/**
 * A processor's state, which survives a restart. To be exact through crashes a processor must be deterministic: the same
 * batches and times from `context.clock`, in the same order, make the same output. Then what is processed again after a
 * crash is bit for bit what was sent before.
 */
export interface Stateful extends CheckpointParticipant {
  /**
   * At a reload, where `successor`, made by the same plugin of another configuration, refuses what `snapshot` says: it is
   * kept of it what `successor` has a place for. All else is put out as it stands once the stream completes, and is no part of
   * `snapshot` any more then. Returns what that is, in words; undefined where nothing is kept, and `context.durable` decides.
   */
  keepFor?(successor: Stateful): string | undefined
}

/**
 * What most processors are: a function from block to block. It must not change the block it is given. Items it leaves
 * out are booked by `context.account.drop(reason, n)`. A throw hands the batch back to its sender; the stream goes on.
 */
export interface MapProcessor extends Lifecycle, Stateful {
  process(block: Block): Block
}

/**
 * For processors that own batches, without RxJS in between. The host books what it receives and sends; the processor books
 * what it holds, absorbs, produces, drops and refuses. A throw of `receive` hands the batch back. Batches that it holds must
 * be in its snapshot.
 */
export interface BatchProcessor extends Lifecycle, Stateful {
  /** Before the first batch. `emit` takes over what goes on. */
  open(emit: (batch: Batch) => void): void
  /** Takes the handle over. */
  receive(batch: Batch): void
  /** No batch comes any more: calls `done` once it has emitted its last. */
  finish?(done: () => void): void
}

/**
 * For processors that are RxJS operators. They may hold, merge, split and reorder batches; the host knows which ones they
 * hold by the handles, books them as in flight, and writes them down with checkpoints where processors with state follow.
 * After an error, a throw or an early end everything held is handed back, and the operator is subscribed anew. It must end
 * each batch it does not emit, by `ack()` or `drop(reason)`, and take its time from `context.scheduler`.
 */
export interface StreamProcessor extends Lifecycle, Stateful {
  operator(): OperatorFunction<Batch, Batch>
}

export type Processor = MapProcessor | BatchProcessor | StreamProcessor

/** Where data goes. Its lane queues, retries and times out; the exporter only tries, one block at a time. */
export interface Exporter extends Lifecycle, CheckpointParticipant {
  /**
   * Resolves once the backend has the block. Throws {@link ExportError}; docs/plugins.md says what becomes of any other
   * error. A block that failed comes again as the same object, unless its lane had to take it apart.
   */
  export(block: Block, signal: AbortSignal): Promise<void>
  /** Whether the backend answers; rejects with what is wrong. */
  probe?(signal: AbortSignal): Promise<void>
}
