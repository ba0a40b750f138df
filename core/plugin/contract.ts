import type { Observable, OperatorFunction } from 'rxjs'
import type { Batch } from '../batch/batch.ts'
import type { Block } from '../model/block.ts'
import type { QueryableStore } from '../promql/queryable.ts'
import type { ConfigProblem, ConfigSchema } from '../schema/json-schema.ts'
import type { CheckpointParticipant } from './checkpoint-participant.ts'
import type { Context } from './context.ts'
import type { Inspectable } from './inspection.ts'

export type { ConfigProblem, ConfigSchema, JsonSchema } from '../schema/json-schema.ts'
export type { CheckpointParticipant } from './checkpoint-participant.ts'

/**
 * Version of this contract. 2: the host settles and books the batches inside RxJS operators. Plugins written for 1
 * still run, with a warning; see docs/plugins.md for the changes to make.
 */
export const API_VERSION = 2
/** Plugins for older versions are refused. */
export const OLDEST_API_VERSION = 1

/** Capabilities of this version beyond the first, by name. A plugin that `needs` one is refused if it is missing. */
export const CAPABILITIES = [
  'adopt',
  'batch_processor',
  'checkpoint_participant',
  'failed_items',
  'output_batch',
  'scheduler',
  'set_aside',
  'stores'
] as const
export type Capability = (typeof CAPABILITIES)[number]

export type Kind = PipelineKind | 'extension'
/** Kinds of components that data passes. */
export type PipelineKind = 'receiver' | 'processor' | 'exporter'
export type Stability = 'development' | 'alpha' | 'beta' | 'stable'
/**
 * The type of items that flow through a port. `any` takes all types and, as an output, forwards the type that came in.
 */
export type Port = ItemType | 'any'
export type ItemType = Block['type']

interface Definition<K extends Kind, C, Instance> {
  readonly api: typeof OLDEST_API_VERSION | typeof API_VERSION
  readonly kind: K
  /** lower_snake_case: the name that users write in the YAML. */
  readonly type: string
  readonly stability: Stability
  /** One sentence for `weir components`. */
  readonly description: string
  readonly schema: ConfigSchema
  /** Without which it cannot run. */
  readonly needs?: readonly Capability[]
  /** Rules between fields, each broken one as `{ path, message }`; `path` as in `['windows', 0]`. */
  check?(config: C): ConfigProblem[]
  /** Memory besides the main thread's heap, such as that of its own threads, in bytes, for `weir validate`. */
  outsideMemory?(config: C): number
  /** Builds the component; must not touch network, disk or timers yet (`start` may). */
  create(config: C, context: Context): Instance
}

export interface ReceiverPlugin<C = unknown> extends Definition<'receiver', C, Receiver> {
  /** A list: batches of several types. A pipeline that takes several of them gets the first, unless it asks for more. */
  readonly ports: { readonly out: Port | readonly ItemType[] }
  /** The most it will remember, in bytes, for `weir validate`. */
  memoryBound?(config: C): number
  /**
   * Set if it can run in a worker of `service.workers`, off the main thread, which has the pipelines. `one`: in one of
   * them. `each`: in each of them, as a receiver of its own with a part of the connections; its servers listen by
   * `context.sharedPorts`. It must not use `context.admin` then.
   */
  readonly workers?: 'one' | 'each'
  /**
   * Looks at items again that it has set aside, before they are replayed. Resolves to the errors of those that it refuses
   * still, by their index.
   */
  recheck?(config: C, block: Block): Promise<ReadonlyMap<number, string>>
  /**
   * It reads partitions of a log that others keep, by `context.tasks`, and emits no batches. Its pipelines run once for
   * each partition. The log is their journal.
   */
  readonly partitioned?: boolean
  /** It sends measurements as they come, so that several of one series may have one time. */
  readonly unaggregated?: boolean
  /** Set if `weir test` can feed it. */
  readonly feeding?: Feeding<C>
}
/** How tests of configurations feed a receiver. */
export interface Feeding<C = unknown> {
  /** The form of one input, as tests write it, which `Receiver.feed` takes. */
  readonly input: ConfigSchema
  /**
   * For a receiver whose source keeps data and positions, such as a log: makes one that reads from `source` in its place. It
   * is the same object after a restart of Weir, and empty at first. This one is started as usual.
   */
  create?(config: C, context: Context, source: Map<string, unknown>): Receiver
}
export interface ProcessorPlugin<C = unknown> extends Definition<'processor', C, Processor> {
  readonly ports: { readonly in: Port; readonly out: Port }
  /** True if it acknowledges a batch before exporters have the output made of it, as windows do. */
  readonly ownsData?: boolean
  /** The most it will remember, in bytes, for `weir validate`. */
  memoryBound?(config: C): number
  /** The fate of data that comes after its window was sent, in words that follow its id, for `weir validate`. */
  latePolicy?(config: C): string
  /** An input besides the stream, such as a file. If it changes before a replay, so does the output. */
  externalInputs?(config: C): string
  /** True if it makes one point of all measurements of one series and time, of every kind but gauges. */
  aggregates?(config: C): boolean
  /** True if it corrects values it emitted before: every exporter behind it must then `replace`. */
  corrects?(config: C): boolean
  /** True if it nacks batches by itself (`gate`), as no processor can behind a journal. */
  rejects?(config: C): boolean
}
export interface ExporterPlugin<C = unknown> extends Definition<'exporter', C, Exporter> {
  readonly ports: { readonly in: Port }
  /** Default: `identical`. */
  upsert?(config: C): Upsert
  /**
   * True if its store keeps one value of a series and time: `weir validate` warns of measurements that arrive
   * unaggregated.
   */
  keepsOnePerTime?(config: C): boolean
}
export type ExtensionPlugin<C = unknown> = Definition<'extension', C, Extension>
/**
 * The value a store keeps of two for one series and time. `identical`: one of them if they are the same, either if they
 * differ; `max`: the larger; `replace`: the one that came last.
 */
export type Upsert = 'identical' | 'max' | 'replace'
export type Plugin<C = unknown> = ReceiverPlugin<C> | ProcessorPlugin<C> | ExporterPlugin<C> | ExtensionPlugin<C>

/** Both idempotent; `stop` may come without `start`. A `start` that rejects stops Weir with its message. */
export interface Lifecycle {
  start?(signal: AbortSignal): Promise<void>
  stop?(signal: AbortSignal): Promise<void>
}

/**
 * Brings data in. Makes batches with `context.batch` and completes `batches$` in `drain`, or else in `stop`, before
 * anything else.
 */
export interface Receiver extends Lifecycle, CheckpointParticipant, Inspectable {
  readonly batches$: Observable<Batch>
  /** Called before anything starts: listens, and tells senders to come again. Then `start`. */
  open?(signal: AbortSignal): Promise<void>
  /**
   * Called at the stop of Weir: takes nothing any more, and goes on to tell senders to come again, until `stop`.
   * Resolves once those who had sent something have their answers.
   */
  drain?(signal: AbortSignal): Promise<void>
  /**
   * For tests of configurations, which call neither `open` nor `start`: takes what a sender would send, by the same code
   * and without a socket. Resolves to the answer if part of it was rejected. Rejects if the sender is refused. Needs
   * `feeding` of the plugin.
   */
  feed?(input: unknown): Promise<string | undefined>
}

/**
 * A processor's state, which survives a restart. To be exact through crashes a processor must be deterministic: the
 * same batches and times from `context.clock`, in the same order, make the same output. Then the output of a replay is
 * bit for bit the output before the crash.
 */
export interface Stateful extends CheckpointParticipant {
  /**
   * Called at a reload if `successor`, made by the same plugin of another configuration, refuses the snapshot. The
   * processor keeps the part of its state that `successor` can use. It emits all else as it stands once the stream
   * completes, and that is no part of `snapshot` any more. Returns that other part, in words. Returns undefined if
   * nothing is kept; then `context.durable` decides.
   */
  keepFor?(successor: Stateful): string | undefined
}

/**
 * The kind of most processors: a function from block to block. It must not change the block it is given. Items it
 * leaves out are booked by `context.account.drop(reason, n)`. A throw nacks the batch; the stream goes on.
 */
export interface MapProcessor extends Lifecycle, Stateful, Inspectable {
  process(block: Block): Block
}

/**
 * For processors that own batches, without RxJS in between. The host books the items it receives and sends. The
 * processor books the items it holds, absorbs, produces, drops and refuses. A throw of `receive` nacks the batch.
 * Batches that it holds must be in its snapshot.
 */
export interface BatchProcessor extends Lifecycle, Stateful, Inspectable {
  /** Called before the first batch. `emit` takes over a batch to forward. */
  open(emit: (batch: Batch) => void): void
  /** Takes the handle over. */
  receive(batch: Batch): void
  /**
   * True while no batch should enter its pipeline, since what it made of earlier ones waits: senders are told to try again
   * later. Those that are on their way still come.
   */
  readonly isBehind?: boolean
  /** A batch of `source` was refused in front of its pipeline, for whatever reason: its sender was told to try again later. */
  inputRefused?(source: string): void
  /** No batch comes any more: calls `done` once it has emitted its last. */
  finish?(done: () => void): void
}

/**
 * For processors that are RxJS operators. They may hold, merge, split and reorder batches. The host knows by the
 * handles which batches are inside. It books them as in flight, and writes them down with checkpoints if processors
 * with state follow. After an error, a throw or an early end all batches inside are nacked, and the operator is
 * subscribed anew. It must end each batch it does not emit, by `ack()` or `drop(reason)`, and take its time from
 * `context.scheduler`.
 */
export interface StreamProcessor extends Lifecycle, Stateful, Inspectable {
  operator(): OperatorFunction<Batch, Batch>
}

export type Processor = MapProcessor | BatchProcessor | StreamProcessor

/**
 * Sends data to a backend. Its sending queue keeps waiting batches, retries and times out. The exporter only tries, one
 * block at a time.
 */
export interface Exporter extends Lifecycle, CheckpointParticipant, Inspectable {
  /**
   * Resolves once the backend has the block. Throws {@link ExportError}; docs/plugins.md has the treatment of any other
   * error. A block that failed comes again as the same object, unless its sending queue had to take it apart.
   */
  export(block: Block, signal: AbortSignal): Promise<void>
  /**
   * Names of requests that the block has items of, if the backend is told requests apart. Blocks that have one in common are
   * never exported as one: a request that was sent twice would be one of twice the items.
   */
  requestsIn?(block: Block): Iterable<string>
  /** Resolves if the backend answers. Rejects with its fault. */
  probe?(signal: AbortSignal): Promise<void>
  /** Set if its backend can be asked by PromQL. */
  readonly queryable?: QueryableStore
}

/**
 * Serves people in place of data, such as an API for queries. It starts after everything else and stops before. It finds
 * exporters that can be asked by `context.stores`.
 */
export type Extension = Lifecycle & Inspectable
