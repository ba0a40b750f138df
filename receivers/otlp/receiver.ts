import { memoryBeside } from '../../core/http/body-budget.ts'
import { HttpIngest } from '../../core/http/ingest.ts'
import { requestHash } from '../../core/http/request-hash.ts'
import type { HttpServer } from '../../core/http/server.ts'
import { serverOf } from '../../core/http/site.ts'
import { count } from '../../core/plural.ts'
import type { DecodedMetrics } from '../../core/wire/otlp/decoded-metrics.ts'
import { decodeMetricsJson } from '../../core/wire/otlp/json-decoder.ts'
import { OtlpMetricsDecoder } from '../../core/wire/otlp/metrics-decoder.ts'
import type { OtlpFormat, PartialSuccess } from '../../core/wire/otlp/response.ts'
import type { Context, ItemLimits, Permit, Receiver } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { metricsSite } from './http.ts'

/** A counter's three requests; time 0 is when they arrive. */
const EXAMPLE = {
  resourceMetrics: [
    {
      scopeMetrics: [
        {
          metrics: [
            {
              name: 'http_requests',
              sum: {
                aggregationTemporality: 1,
                isMonotonic: true,
                dataPoints: [{ asInt: 3, attributes: [{ key: 'route', value: { stringValue: '/cart' } }] }]
              }
            }
          ]
        }
      ]
    }
  ]
}

/** One server for each protocol, all in front of `#export`. */
export class OtlpReceiver implements Receiver {
  readonly #context: Context
  readonly #ingest: HttpIngest
  readonly #decoder: OtlpMetricsDecoder
  readonly #limits: ItemLimits
  readonly #replacedTexts: { add(value: number): void }
  readonly #http: HttpServer

  constructor({ protocols: { http }, limits }: Config, context: Context) {
    this.#context = context
    this.#limits = limits
    this.#replacedTexts = context.instruments.counter(
      'replaced_texts_total',
      'Texts with bytes that were not UTF-8 and became U+FFFD, counted when first seen.'
    )
    this.#ingest = new HttpIngest(context)
    const maxBytes = context.credits.capacity
    this.#decoder = new OtlpMetricsDecoder(context.series, { maxBytes, limits })
    const site = metricsSite((format, body, permit) => this.#export(format, body, permit), http, context)
    this.#http = serverOf(http.endpoint, site, http, context)
  }

  get batches$() {
    return this.#ingest.batches$
  }

  /** `host:port`, once started. */
  get httpAddress(): string {
    return this.#http.address
  }

  open(): Promise<void> {
    return this.#http.open()
  }

  async start(): Promise<void> {
    await this.#http.start()
    const url = `${this.#http.scheme}://${this.httpAddress}/v1/metrics`
    this.#context.announce(
      `OTLP/HTTP on ${url}`,
      `curl -H 'content-type: application/json' ${url} -d '${JSON.stringify(EXAMPLE)}'`
    )
  }

  drain(signal: AbortSignal): Promise<void> {
    this.#ingest.close()
    return this.#http.drain(signal)
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#ingest.close()
    await this.#http.stop(signal)
  }

  /** OTLP's MetricsService for every transport; see {@link Export}. */
  async #export(format: OtlpFormat, body: Buffer, permit: Permit): Promise<PartialSuccess | undefined> {
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
