import type { OtlpFormat, PartialSuccess, Signal } from '../../core/wire/otlp/response.ts'
import type { Permit, Tenant } from '../../sdk/plugin/index.ts'

/** OTLP's MetricsService or LogsService, behind every transport. */
export interface ExportService {
  /**
   * Takes a request and owns `permit`. Resolves when it has settled, with the rejected items, if any. Throws
   * `BadInputError`, and `RequestError` 503 if the sender should send it again, 404 if no pipeline takes such items.
   */
  export(
    format: OtlpFormat,
    body: Buffer,
    permit: Permit,
    tenant: Tenant | undefined
  ): Promise<PartialSuccess | undefined>
}

/** Counts texts with bytes that were not UTF-8. */
export interface ReplacedTexts {
  add(value: number): void
}

export type ExportServices = ReadonlyMap<Signal, ExportService>

export const httpPath = (signal: string) => `/v1/${signal}`
