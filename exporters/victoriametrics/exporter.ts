import { SameTime } from '../../core/model/same-time.ts'
import { openState, sealState } from '../../core/model/saved-state.ts'
import type { Lease } from '../../core/model/series-table/id-lifetimes.ts'
import { runInTurns } from '../../core/model/stepwise.ts'
import { Turns } from '../../core/model/turns.ts'
import type { SavedStreams } from '../../core/wire/prometheus/earlier-streams.ts'
import { ACCOUNT_LABEL, type Labels, PROJECT_LABEL } from '../../core/wire/prometheus/labels.ts'
import type { Metadata } from '../../core/wire/prometheus/metadata.ts'
import { namedStreams } from '../../core/wire/prometheus/named-streams.ts'
import { rowsBySeries, Samples } from '../../core/wire/prometheus/samples.ts'
import { Translator } from '../../core/wire/prometheus/translator.ts'
import { ProtobufWriter } from '../../core/wire/protobuf/writer.ts'
import { LabelSets } from '../../core/wire/remote-write/label-sets.ts'
import { encodeWriteRequests, type WriteRequest } from '../../core/wire/remote-write/write-request.ts'
import {
  type Block,
  type Context,
  type Explanation,
  type Exporter,
  type NamedSeries,
  type PointBlock,
  SameTimeLosses
} from '../../sdk/plugin/index.ts'
import { RemoteWriteClient } from './client.ts'
import { CompressionChoice } from './compression.ts'
import type { Config } from './config.ts'

const SAME_TIME_REMEDY = 'give replicas a service.instance.id, or promote the resource attribute that tells them apart'
/** The state's format. */
const VERSION = 1
/** Label sets that nobody uses any more go one or two of these later. */
const EXPIRY_INTERVAL_MS = 60_000
/** Work before others have their turn. */
const EXPIRY_RUN_MS = 1
const EMPTY_REQUEST = new Uint8Array(0)

/** Memory of a delivery, which the next one uses again: new memory costs more than all that is written to it. */
class Workspace {
  readonly samples = new Samples()
  /** One request is written while the one before is sent. */
  readonly writers = [new ProtobufWriter(), new ProtobufWriter()]
}

interface Delivery {
  readonly workspace: Workspace
  /** As long as it is kept, label sets stay. */
  readonly lease: Lease
  readonly rows: Int32Array
  readonly metadata: readonly Metadata[]
  /** Points replaced by a later one of the same series and time. */
  readonly lost: number
  /** Requests of it the backend has. */
  taken: number
}

/**
 * Remote write 1.0. A block becomes one or more requests sent one after another, each series in time order. Tried
 * again, it goes on with the request that failed. Whether that one was stored nobody knows; it is sent again bit for
 * bit.
 */
export class VictoriaMetricsExporter implements Exporter {
  #config: Config
  #context: Context
  #client: RemoteWriteClient
  #sameTime: SameTime
  #losses: SameTimeLosses
  #labelSets: LabelSets
  #translator: Translator
  /** True while label sets are removed. */
  #isExpiring = false
  /** When that began last, Unix ms. */
  #expiryBegan = 0
  #requests: { add(value: number): void }
  #samples: { add(value: number): void }
  /** Blocks not wholly taken. A sending queue that takes turns with its disk queue may have two of them under way. */
  #deliveries = new WeakMap<Block, Delivery>()
  #workspaces: Workspace[] = []
  readonly #turns = new Turns()

  constructor(config: Config, context: Context) {
    this.#config = config
    this.#context = context
    this.#losses = new SameTimeLosses(context, SAME_TIME_REMEDY)
    const compression = new CompressionChoice(config.compression, context)
    this.#client = new RemoteWriteClient(config, compression, () => context.clock.now())
    this.#sameTime = new SameTime(context.series, Math.floor)
    const relabel = (series: number, labels: number) => this.#translator.relabel(series, labels)
    this.#labelSets = new LabelSets(context.series, config.translation_strategy, relabel)
    this.#translator = new Translator(context.series, translatorOptions(config), this.#labelSets)
    this.#labelSets.addHolder(this.#translator)
    const { instruments } = context
    this.#requests = instruments.counter('requests_total', 'Remote write requests the backend has taken.')
    this.#samples = instruments.counter('samples_total', 'Samples the backend has taken; a histogram is many.')
    instruments.gauge('label_sets_bytes', 'Memory of the labels of series.', () => this.#labelSets.bytes)
    instruments.gauge('zstd_active', '1 while requests are compressed by zstd, 0 while by snappy.', () =>
      Number(compression.codec === 'zstd')
    )
  }

  async export(block: Block, signal: AbortSignal): Promise<void> {
    if (block.type !== 'points') return
    const delivery = this.#deliveries.get(block) ?? (await this.#begin(block, signal))
    const { workspace, rows, metadata } = delivery
    const { samples, writers } = workspace
    let taken = delivery.taken
    let sent = Promise.resolve()
    const most = this.#config.max_samples_per_request
    try {
      for (const encoding of encodeWriteRequests(samples, this.#labelSets, rows, metadata, most, writers)) {
        if (taken-- > 0) continue
        const request = await this.#turns.finish(encoding, signal)
        await sent
        sent = this.#send(request, delivery, signal)
        // An error is that of the promise, which is awaited once the next request is written.
        sent.catch(() => {})
      }
    } finally {
      await sent
    }
    this.#deliveries.delete(block)
    this.#workspaces.push(workspace)
    this.#losses.book(block, delivery.lost)
  }

  explain(series: NamedSeries): Explanation {
    if (series.kind === 'event') return { fate: 'dropped', why: 'a store of Prometheus keeps no events' }
    const places = namedStreams(series, translatorOptions(this.#config))
    return { fate: 'stored', why: `by remote write to ${this.#config.endpoint}`, places }
  }

  /**
   * An empty write: taken by VictoriaMetrics, Prometheus and Mimir alike, and it tries the address and the password.
   */
  async probe(signal: AbortSignal): Promise<void> {
    await this.#client.write(EMPTY_REQUEST, signal)
  }

  snapshot(): Uint8Array {
    return sealState(VERSION, this.#translator.saveStreams(this.#context.clock.now()))
  }

  restore(bytes: Uint8Array): void {
    this.#translator.restoreStreams(openState(VERSION, bytes) as SavedStreams)
  }

  async #send({ body, samples }: WriteRequest, delivery: Delivery, signal: AbortSignal): Promise<void> {
    await this.#client.write(body, signal)
    delivery.taken++
    this.#requests.add(1)
    this.#samples.add(samples)
  }

  async #begin(block: PointBlock, signal: AbortSignal): Promise<Delivery> {
    this.#expireIfDue()
    const { block: merged, replaced } = this.#sameTime.merge(block)
    await this.#turns.finish(this.#translator.prepare(merged, this.#context.clock.now()), signal)
    const workspace = this.#workspaces.pop() ?? new Workspace()
    const now = this.#context.clock.now()
    const { samples, metadata } = this.#translator.translate(merged, now, workspace.samples)
    const lost = new Set<number>()
    const rows = rowsBySeries(samples, lost)
    const { lease } = this.#labelSets
    const delivery = { workspace, lease, rows, metadata, lost: replaced + lost.size, taken: 0 }
    this.#deliveries.set(block, delivery)
    return delivery
  }

  // Blocks may be few and large, so it does not wait for them to go on.
  #expireIfDue(): void {
    const now = this.#context.clock.now()
    if (this.#isExpiring || now - this.#expiryBegan < EXPIRY_INTERVAL_MS) return
    this.#expiryBegan = now
    this.#isExpiring = true
    runInTurns(this.#labelSets.expireIdle(), EXPIRY_RUN_MS, () => {
      this.#isExpiring = false
    })
  }
}

/** Undefined if there are none. */
function tenantLabels(tenants: Config['tenants']): Map<string, Labels> | undefined {
  const entries = Object.entries(tenants).map(([name, id]) => {
    const [account, project = '0'] = id.split(':')
    const labels: Labels = [
      [ACCOUNT_LABEL, account],
      [PROJECT_LABEL, project]
    ]
    return [name, labels] as const
  })
  return entries.length === 0 ? undefined : new Map(entries)
}

function translatorOptions(config: Config) {
  return {
    strategy: config.translation_strategy,
    externalLabels: config.external_labels,
    promoteResourceAttributes: config.promote_resource_attributes,
    tenants: tenantLabels(config.tenants),
    targetInfo: config.target_info,
    exponentialHistograms: config.exponential_histograms
  }
}
