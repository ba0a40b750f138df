import { GrpcServer } from '../../core/grpc/server.ts'
import { noCredits } from '../../core/http/body-budget.ts'
import { ServerEvents } from '../../core/http/connection-events.ts'
import { HttpIngest } from '../../core/http/ingest.ts'
import type { HttpServer } from '../../core/http/server.ts'
import { serverOf } from '../../core/http/site.ts'
import type { Signal } from '../../core/wire/otlp/response.ts'
import type { Context, Receiver } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { grpcService } from './grpc.ts'
import { httpSite } from './http.ts'
import { LogsService } from './logs-service.ts'
import { MetricsService } from './metrics-service.ts'
import type { ExportService, ExportServices } from './signals.ts'
import { TraceRefusals } from './traces.ts'

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

/** One server for each protocol, all in front of the same services. */
export class OtlpReceiver implements Receiver {
  readonly #context: Context
  readonly #ingest: HttpIngest
  readonly #http: HttpServer | undefined
  readonly #grpc: GrpcServer | undefined
  readonly #services: ExportServices

  constructor({ protocols: { http, grpc }, limits }: Config, context: Context) {
    this.#context = context
    this.#ingest = new HttpIngest(context)
    const replacedTexts = context.instruments.counter(
      'replaced_texts_total',
      'Texts with bytes that were not UTF-8 and became U+FFFD, counted when first seen.'
    )
    const services = new Map<Signal, ExportService>([
      ['metrics', new MetricsService(limits, context, this.#ingest, replacedTexts)],
      ['logs', new LogsService(limits, context, this.#ingest, replacedTexts)]
    ])
    this.#services = services
    const traces = new TraceRefusals(context)
    const events = new ServerEvents(context)
    this.#http = http && serverOf(http.endpoint, httpSite(services, traces, http, context), http, context, events)
    this.#grpc = grpc && new GrpcServer(grpc, grpcService(services, traces), context, events)
  }

  get batches$() {
    return this.#ingest.batches$
  }

  /** `host:port`, once started. */
  get httpAddress(): string | undefined {
    return this.#http?.address
  }

  /** `host:port`, once started. */
  get grpcAddress(): string | undefined {
    return this.#grpc?.address
  }

  async open(): Promise<void> {
    await this.#http?.open()
    await this.#grpc?.open()
  }

  async start(): Promise<void> {
    await this.#http?.start()
    await this.#grpc?.start()
    if (this.#http !== undefined) {
      const url = `${this.#http.scheme}://${this.httpAddress}/v1/metrics`
      this.#context.announce(
        `OTLP/HTTP on ${url}`,
        `curl -H 'content-type: application/json' ${url} -d '${JSON.stringify(EXAMPLE)}'`
      )
    }
    if (this.#grpc !== undefined) this.#context.announce(`OTLP/gRPC on ${this.grpcAddress}`)
  }

  async feed(input: unknown): Promise<string | undefined> {
    const [[signal, request]] = Object.entries(input as Readonly<Record<Signal, object>>)
    const body = Buffer.from(JSON.stringify(request))
    const permit = this.#context.credits.tryTake(body.length)
    if (permit === undefined) throw noCredits()
    const partial = await this.#services.get(signal as Signal)!.export('json', body, permit, undefined)
    return partial?.message
  }

  async drain(signal: AbortSignal): Promise<void> {
    this.#ingest.close()
    await Promise.all([this.#http?.drain(signal), this.#grpc?.drain(signal)])
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#ingest.close()
    await Promise.all([this.#http?.stop(signal), this.#grpc?.stop(signal)])
  }
}
