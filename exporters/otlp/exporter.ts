import { LogsEncoder } from '../../core/wire/otlp/logs-encoder.ts'
import { MetricsEncoder } from '../../core/wire/otlp/metrics-encoder.ts'
import type { Signal } from '../../core/wire/otlp/response.ts'
import { readPartialSuccess } from '../../core/wire/otlp/response-reader.ts'
import { ProtobufWriter } from '../../core/wire/protobuf/writer.ts'
import {
  type Block,
  type Context,
  type Explanation,
  ExportError,
  type Exporter,
  type NamedSeries,
  sliceBlock
} from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { GrpcTransport } from './grpc-transport.ts'
import { HttpTransport } from './http-transport.ts'
import { RejectedItems } from './rejected-items.ts'
import type { Transport } from './transport.ts'

/** Some MiB at most with usual items: servers written in Go take 4 MiB over gRPC. */
const ITEMS_PER_REQUEST = 5000
const SIGNALS: Readonly<Record<Block['type'], Signal>> = { points: 'metrics', events: 'logs' }
const EMPTY_REQUEST = new Uint8Array()

/** Memory of a request, which the next one uses again. */
class Workspace {
  readonly #writer = new ProtobufWriter()
  readonly #metrics = new MetricsEncoder(this.#writer)
  readonly #logs = new LogsEncoder(this.#writer)

  encode(block: Block): Uint8Array {
    return block.type === 'points' ? this.#metrics.encode(block) : this.#logs.encode(block)
  }
}

/** A block becomes one or more requests, one after another. Tried again, it goes on with the request that failed. */
export class OtlpExporter implements Exporter {
  readonly #endpoint: string
  readonly #transport: Transport
  readonly #rejected: RejectedItems
  readonly #requests: { add(value: number): void }
  readonly #items: { add(value: number): void }
  /** Items that the backend has, of blocks that it does not have as a whole. */
  readonly #taken = new WeakMap<Block, number>()
  readonly #workspaces: Workspace[] = []

  constructor(config: Config, context: Context) {
    const now = () => context.clock.now()
    this.#endpoint = config.endpoint
    this.#transport = config.protocol === 'grpc' ? new GrpcTransport(config) : new HttpTransport(config, now)
    this.#rejected = new RejectedItems(context)
    const { instruments } = context
    this.#requests = instruments.counter('requests_total', 'Requests the backend has taken.')
    this.#items = instruments.counter('items_total', 'Points and log records the backend has taken.')
  }

  explain({ name }: NamedSeries): Explanation {
    return { fate: 'stored', why: `sent by OTLP to ${this.#endpoint}`, places: [name] }
  }

  async export(block: Block, signal: AbortSignal): Promise<void> {
    const workspace = this.#workspaces.pop() ?? new Workspace()
    let from = this.#taken.get(block) ?? 0
    try {
      for (; from < block.length; from += ITEMS_PER_REQUEST) {
        const part = sliceBlock(block, from, Math.min(from + ITEMS_PER_REQUEST, block.length))
        await this.#send(part, workspace, signal)
        this.#taken.set(block, from + part.length)
      }
    } catch (error) {
      throw from === 0 || signal.aborted ? error : failureOfRest(block, from, error as Error)
    } finally {
      this.#workspaces.push(workspace)
    }
  }

  /** An empty request, which every server takes. */
  async probe(signal: AbortSignal): Promise<void> {
    await this.#transport.send('metrics', EMPTY_REQUEST, signal)
  }

  async stop(): Promise<void> {
    this.#transport.close()
  }

  async #send(part: Block, workspace: Workspace, signal: AbortSignal): Promise<void> {
    const answer = await this.#transport.send(SIGNALS[part.type], workspace.encode(part), signal)
    const { rejected = 0, message = '' } = readPartialSuccess(answer) ?? {}
    const lost = Math.min(rejected, part.length)
    this.#requests.add(1)
    this.#items.add(part.length - lost)
    this.#rejected.book(part, lost, message)
  }
}

/**
 * The backend has the items before `from`, which must not come again, in pieces neither. The rest does, as a block of its own.
 * If it is refused then, its bad items are looked for.
 */
function failureOfRest(block: Block, from: number, cause: Error): ExportError {
  const failedItems = Array.from({ length: block.length - from }, (_, i) => from + i)
  const retryAfterMs = ExportError.is(cause) ? cause.retryAfterMs : undefined
  return new ExportError(cause.message, { retryable: true, retryAfterMs, failedItems, cause })
}
