import { diag } from '@opentelemetry/api'
import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import { JsonMetricsSerializer } from '@opentelemetry/otlp-transformer'
import {
  AggregationTemporality,
  InstrumentType,
  type PushMetricExporter,
  type ResourceMetrics
} from '@opentelemetry/sdk-metrics'
import { withoutCredentials } from '../credentials.ts'
import type { Diagnostic } from '../diagnostics.ts'
import { hold, post } from '../node.ts'
import { Sender } from '../sender.ts'
import { unref } from '../timers.ts'

const DEFAULT_QUEUE_BYTES = 16 * 2 ** 20
const DEFAULT_TIMEOUT_MS = 30_000
/** A timer that is to wait for longer ends at once. */
const LONGEST_MS = 2 ** 31 - 1
/** They are cumulative always, as OpenTelemetry has it: a reader wants to know how much there is. */
const UP_AND_DOWN: readonly InstrumentType[] = [
  InstrumentType.UP_DOWN_COUNTER,
  InstrumentType.OBSERVABLE_UP_DOWN_COUNTER
]

export interface WeirMetricExporterOptions {
  /** Address of Weir's `otlp` receiver: by default `OTEL_EXPORTER_OTLP_ENDPOINT`, else `http://127.0.0.1:4318`. */
  readonly endpoint?: string
  /** Headers of every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Temporality of counters and histograms. By default `DELTA`. */
  readonly temporalityPreference?: AggregationTemporality
  /** Bytes of requests that are kept. By default 16 MiB. An export beyond it fails, and is lost. */
  readonly maxQueueBytes?: number
  /** Milliseconds until `forceFlush` and `shutdown` give up. By default 30,000. */
  readonly timeoutMillis?: number
}

/**
 * Exports metrics of the OpenTelemetry SDK over OTLP/HTTP. An export that the server did not take is kept and sent again,
 * under the same number, so that Weir's `dedup` counts it once. An export succeeds once the server has taken it.
 */
export class WeirMetricExporter implements PushMetricExporter {
  readonly #sender: Sender
  readonly #temporality: AggregationTemporality
  readonly #timeoutMs: number
  /** Data points that were lost, and that nobody has been told of. */
  #lost = 0
  #reason = ''
  #shutdown: Promise<void> | undefined

  constructor(options: WeirMetricExporterOptions = {}) {
    const { temporalityPreference, maxQueueBytes, timeoutMillis } = options
    // OpenTelemetry has it that an empty variable is one that is not set.
    const endpoint = options.endpoint ?? (process.env.OTEL_EXPORTER_OTLP_ENDPOINT || 'http://127.0.0.1:4318')
    this.#temporality = temporalityPreference ?? AggregationTemporality.DELTA
    this.#timeoutMs = Math.min(timeoutMillis ?? DEFAULT_TIMEOUT_MS, LONGEST_MS)
    this.#sender = new Sender({
      ...withoutCredentials(endpoint, options.headers),
      post,
      maxQueueBytes: maxQueueBytes ?? DEFAULT_QUEUE_BYTES,
      diagnose: diagnostic => this.#diagnose(diagnostic)
    })
  }

  selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    return UP_AND_DOWN.includes(type) ? AggregationTemporality.CUMULATIVE : this.#temporality
  }

  /** Calls back once the server has taken the points, or refused them for good. */
  export(metrics: ResourceMetrics, resultCallback: (result: ExportResult) => void): void {
    const fail = (error: Error) => resultCallback({ code: ExportResultCode.FAILED, error })
    try {
      this.#enqueue(metrics)
    } catch (error) {
      return fail(error as Error)
    }
    this.#sender.flush().then(() => {
      const isCut = pointsOf(metrics) > 0 && this.#sender.isClosed && this.#sender.unsentItems > 0
      const error = isCut ? new Error('the exporter was shut down before the server took them') : this.#takeError()
      if (error === undefined) resultCallback({ code: ExportResultCode.SUCCESS })
      else fail(error)
    })
  }

  /**
   * Resolves once the server has taken all exports. Rejects if it refused one for good, or if that takes too long: then the
   * points are kept, and sent later.
   */
  async forceFlush(): Promise<void> {
    const release = hold()
    const isInTime = await this.#flushInTime()
    release()
    const error = this.#takeError()
    if (error !== undefined) throw error
    if (!isInTime)
      throw new Error(
        `${this.#sender.unsentItems} data points are not taken after ${this.#timeoutMs} ms; they are kept`
      )
  }

  /** Sends what there is. Rejects if points are lost, because the server refused them or did not take them in time. */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#close()
    return this.#shutdown
  }

  async #flushInTime(): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<boolean>(resolve => {
      timer = unref(setTimeout(resolve, this.#timeoutMs, false))
    })
    const flushed = this.#sender.flush().then(() => true)
    const isInTime = await Promise.race([flushed, late])
    clearTimeout(timer)
    return isInTime
  }

  async #close(): Promise<void> {
    const release = hold()
    const unsent = await this.#sender.close(this.#timeoutMs)
    release()
    if (unsent > 0) this.#lose(unsent, `the server did not take them within ${this.#timeoutMs} ms`)
    const error = this.#takeError()
    if (error !== undefined) throw error
  }

  #enqueue(metrics: ResourceMetrics): void {
    const points = pointsOf(metrics)
    if (points === 0) return
    if (this.#shutdown !== undefined) throw new Error(`the exporter is shut down: ${points} data points are lost`)
    if (this.#sender.isFull)
      throw new Error(`the queue is full: ${points} data points are lost; set maxQueueBytes, or see why Weir is away`)
    const request = JSON.parse(new TextDecoder().decode(JsonMetricsSerializer.serializeRequest(metrics)))
    this.#sender.enqueue('metrics', points, identity => {
      const [{ resource }] = request.resourceMetrics
      resource.attributes.push(...JSON.parse(`[${identity}]`))
      return JSON.stringify(request)
    })
  }

  #diagnose({ code, message, items }: Diagnostic): void {
    if (code === 'outage' || code === 'redirect') diag.warn(`${message}; ${items} data points are sent again`)
    else this.#lose(items, message)
  }

  #lose(points: number, reason: string): void {
    this.#lost += points
    this.#reason = reason
  }

  /** Each loss is told once, to whoever asks first. */
  #takeError(): Error | undefined {
    if (this.#lost === 0) return undefined
    const error = new Error(`${this.#lost} data points are lost: ${this.#reason}`)
    this.#lost = 0
    return error
  }
}

function pointsOf({ scopeMetrics }: ResourceMetrics): number {
  let points = 0
  for (const { metrics } of scopeMetrics) for (const { dataPoints } of metrics) points += dataPoints.length
  return points
}
