import { memoryBeside } from '../../core/http/body-budget.ts'
import { requestHash } from '../../core/http/request-hash.ts'
import { count } from '../../core/plural.ts'
import type { DecodedMetrics } from '../../core/wire/otlp/decoded-metrics.ts'
import { decodeMetricsJson } from '../../core/wire/otlp/json-decoder.ts'
import { OtlpMetricsDecoder } from '../../core/wire/otlp/metrics-decoder.ts'
import type { OtlpFormat, PartialSuccess } from '../../core/wire/otlp/response.ts'
import type { Context, HttpIngest, ItemLimits, Permit } from '../../sdk/plugin/index.ts'
import type { ExportService } from './signals.ts'

/** Makes batches of points. */
export class MetricsService implements ExportService {
  readonly #context: Context
  readonly #ingest: HttpIngest
  readonly #decoder: OtlpMetricsDecoder
  readonly #limits: ItemLimits
  readonly #replacedTexts: { add(value: number): void }

  constructor(limits: ItemLimits, context: Context, ingest: HttpIngest, replacedTexts: { add(value: number): void }) {
    this.#context = context
    this.#limits = limits
    this.#ingest = ingest
    this.#replacedTexts = replacedTexts
    this.#decoder = new OtlpMetricsDecoder(context.series, { maxBytes: context.credits.capacity, limits })
  }

  async export(format: OtlpFormat, body: Buffer, permit: Permit): Promise<PartialSuccess | undefined> {
    const { block, rejections, replacedTexts, newSeriesBytes } = this.#decode(format, body, permit)
    if (replacedTexts > 0) this.#replacedTexts.add(replacedTexts)
    const { dropped, reason } = await this.#ingest.deliver(block, permit, requestHash(body), newSeriesBytes)
    // Only now: had the request been nacked, they would come, and count, again.
    for (const [reason, items] of rejections.items) this.#ingest.reject(reason, items)
    const messages = [
      rejections.describe(),
      dropped > 0 ? `${count(dropped, 'point')} dropped later on: ${reason}` : ''
    ]
    const message = messages.filter(text => text !== '').join('; ')
    return message === '' ? undefined : { rejected: rejections.total + dropped, message }
  }

  #decode(format: OtlpFormat, body: Buffer, permit: Permit): DecodedMetrics {
    const { clock, series, credits } = this.#context
    const now = clock.now()
    try {
      if (format === 'json') {
        const memory = memoryBeside(permit, credits)
        return decodeMetricsJson(body, series, now, { maxBytes: credits.capacity, limits: this.#limits, memory })
      }
      return this.#decoder.decode(body, now)
    } catch (error) {
      permit.release()
      throw error
    }
  }
}
