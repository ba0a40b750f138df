import { memoryBeside } from '../../core/http/body-budget.ts'
import type { DecodedLogs } from '../../core/wire/otlp/log-events.ts'
import { decodeLogs } from '../../core/wire/otlp/logs-decoder.ts'
import { decodeLogsJson } from '../../core/wire/otlp/logs-json-decoder.ts'
import type { OtlpFormat, PartialSuccess } from '../../core/wire/otlp/response.ts'
import type { Context, HttpIngest, ItemLimits, Permit, Tenant } from '../../sdk/plugin/index.ts'
import { deliver } from './deliver.ts'
import type { ExportService, ReplacedTexts } from './signals.ts'

/** Makes batches of events: one of each log record. */
export class LogsService implements ExportService {
  readonly #context: Context
  readonly #ingest: HttpIngest
  readonly #limits: ItemLimits
  readonly #replacedTexts: ReplacedTexts

  constructor(limits: ItemLimits, context: Context, ingest: HttpIngest, replacedTexts: ReplacedTexts) {
    this.#limits = limits
    this.#context = context
    this.#ingest = ingest
    this.#replacedTexts = replacedTexts
  }

  async export(
    format: OtlpFormat,
    body: Buffer,
    permit: Permit,
    tenant: Tenant | undefined
  ): Promise<PartialSuccess | undefined> {
    const decoded = this.#decode(format, body, permit)
    if (decoded.replacedTexts > 0) this.#replacedTexts.add(decoded.replacedTexts)
    return deliver(this.#ingest, decoded, permit, body, tenant, 'log record')
  }

  #decode(format: OtlpFormat, body: Buffer, permit: Permit): DecodedLogs {
    const { clock, credits } = this.#context
    const options = { maxBytes: credits.capacity, limits: this.#limits }
    try {
      if (format === 'protobuf') return decodeLogs(body, clock.now(), options)
      return decodeLogsJson(body, clock.now(), { ...options, memory: memoryBeside(permit, credits) })
    } catch (error) {
      permit.release()
      throw error
    }
  }
}
