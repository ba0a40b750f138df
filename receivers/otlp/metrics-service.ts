import { memoryBeside } from '../../core/http/body-budget.ts'
import { ExemplarIngest } from '../../core/http/exemplar-ingest.ts'
import type { DecodedMetrics } from '../../core/wire/otlp/decoded-metrics.ts'
import { decodeMetricsJson } from '../../core/wire/otlp/json-decoder.ts'
import { OtlpMetricsDecoder } from '../../core/wire/otlp/metrics-decoder.ts'
import type { OtlpFormat, PartialSuccess } from '../../core/wire/otlp/response.ts'
import type { Context, HttpIngest, ItemLimits, Permit, Tenant } from '../../sdk/plugin/index.ts'
import { deliver } from './deliver.ts'
import type { ExportService, ReplacedTexts } from './signals.ts'

/** Makes batches of points, and of events for their exemplars. */
export class MetricsService implements ExportService {
  readonly #context: Context
  readonly #ingest: HttpIngest
  readonly #exemplars: ExemplarIngest
  readonly #decoder: OtlpMetricsDecoder
  readonly #limits: ItemLimits
  readonly #replacedTexts: ReplacedTexts

  constructor(limits: ItemLimits, context: Context, ingest: HttpIngest, replacedTexts: ReplacedTexts) {
    this.#context = context
    this.#limits = limits
    this.#ingest = ingest
    this.#exemplars = new ExemplarIngest(context, ingest)
    this.#replacedTexts = replacedTexts
    this.#decoder = new OtlpMetricsDecoder(context.series, { maxBytes: context.credits.capacity, limits })
  }

  async export(
    format: OtlpFormat,
    body: Buffer,
    permit: Permit,
    tenant: Tenant | undefined
  ): Promise<PartialSuccess | undefined> {
    const decoded =
      tenant === undefined
        ? this.#decode(format, body, permit)
        : tenant.decode(() => this.#decode(format, body, permit))
    if (decoded.replacedTexts > 0) this.#replacedTexts.add(decoded.replacedTexts)
    const partial = await deliver(this.#ingest, decoded, permit, body, tenant, 'point')
    const { count, events } = decoded.exemplars
    await this.#exemplars.deliver(count, events, tenant)
    return partial
  }

  #decode(format: OtlpFormat, body: Buffer, permit: Permit): DecodedMetrics {
    const { clock, series, credits, requestsWanted } = this.#context
    const now = clock.now()
    const wantsExemplars = this.#exemplars.isOpen
    try {
      if (format === 'json') {
        const memory = memoryBeside(permit, credits)
        return decodeMetricsJson(body, series, now, {
          maxBytes: credits.capacity,
          limits: this.#limits,
          memory,
          wantsExemplars,
          takesClientNumber: requestsWanted.has('client')
        })
      }
      return this.#decoder.decode(body, now, wantsExemplars)
    } catch (error) {
      permit.release()
      throw error
    }
  }
}
