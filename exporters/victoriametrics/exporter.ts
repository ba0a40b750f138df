import { rowsBySeries } from '../../core/wire/prometheus/samples.ts'
import { Translator } from '../../core/wire/prometheus/translator.ts'
import { encodeLabels, encodeWriteRequests } from '../../core/wire/remote-write/write-request.ts'
import type { Block, Context, Exporter } from '../../sdk/plugin/index.ts'
import { RemoteWriteClient } from './client.ts'
import type { Config } from './config.ts'

const WARN_INTERVAL_MS = 60_000
const EMPTY_REQUEST = new Uint8Array(0)

/**
 * Remote write 1.0. A block becomes one or more requests sent one after another, each series in time order. When a later
 * one fails the whole block is tried again: the same block makes the same samples, and a store takes those twice.
 */
export class VictoriaMetricsExporter implements Exporter {
  #config: Config
  #context: Context
  #client: RemoteWriteClient
  #translator: Translator<Uint8Array>
  #requests: { add(value: number): void }
  #samples: { add(value: number): void }
  #overwritten: { add(value: number): void }
  #warnedAt = Number.NEGATIVE_INFINITY

  constructor(config: Config, context: Context) {
    this.#config = config
    this.#context = context
    this.#client = new RemoteWriteClient(config, () => context.clock.now())
    this.#translator = new Translator(translatorOptions(config), encodeLabels)
    const { instruments } = context
    this.#requests = instruments.counter('requests_total', 'Remote write requests the backend has taken.')
    this.#samples = instruments.counter('samples_total', 'Samples the backend has taken; a histogram is many.')
    this.#overwritten = instruments.counter(
      'overwritten_samples_total',
      'Samples not sent because a later one of the block has the same series and time.'
    )
  }

  async export(block: Block, signal: AbortSignal): Promise<void> {
    if (block.type !== 'points') return
    const { samples, metadata } = this.#translator.translate(block, this.#context.clock.now())
    const rows = rowsBySeries(samples)
    for (const request of encodeWriteRequests(samples, rows, metadata, this.#config.max_samples_per_request)) {
      await this.#client.write(request.body, signal)
      this.#requests.add(1)
      this.#samples.add(request.samples)
    }
    if (rows.length < samples.length) this.#reportOverwritten(samples.length - rows.length)
  }

  /** An empty write: taken by VictoriaMetrics, Prometheus and Mimir alike, and it tries the address and the password. */
  async probe(signal: AbortSignal): Promise<void> {
    await this.#client.write(EMPTY_REQUEST, signal)
  }

  #reportOverwritten(count: number): void {
    this.#overwritten.add(count)
    const now = this.#context.clock.now()
    if (now - this.#warnedAt < WARN_INTERVAL_MS) return
    this.#warnedAt = now
    this.#context.log.warn(
      { samples: count },
      'points of one series at the same millisecond: only the last is stored; count them in windowed_counter or rollup first'
    )
  }
}

function translatorOptions(config: Config) {
  return {
    strategy: config.translation_strategy,
    externalLabels: config.external_labels,
    promoteResourceAttributes: config.promote_resource_attributes,
    targetInfo: config.target_info,
    exponentialHistograms: config.exponential_histograms
  }
}
