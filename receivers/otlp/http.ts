import type { Request, Response } from 'express'
import { readBody } from '../../core/http/body.ts'
import { RequestError } from '../../core/http/request-error.ts'
import type { Site } from '../../core/http/site.ts'
import {
  encodeMetricsResponse,
  encodeStatus,
  type OtlpFormat,
  type PartialSuccess,
  RPC_CODE
} from '../../core/wire/otlp/response.ts'
import type { Context, Permit } from '../../sdk/plugin/index.ts'
import type { HttpConfig } from './config.ts'

const PATH = '/v1/metrics'
const MEDIA_TYPES = { protobuf: 'application/x-protobuf', json: 'application/json' }
const CODES: Readonly<Record<number, number>> = {
  404: RPC_CODE.notFound,
  405: RPC_CODE.unimplemented,
  503: RPC_CODE.unavailable
}

/**
 * Takes a request and owns `permit`. Resolves when it has settled, with the rejected items, if any. Throws {@link
 * BadInputError}, and {@link RequestError} 503 if the sender should send it again.
 */
export type Export = (format: OtlpFormat, body: Buffer, permit: Permit) => Promise<PartialSuccess | undefined>

/** OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp) for metrics. */
export function metricsSite(exportMetrics: Export, { max_body_size }: HttpConfig, { credits }: Context): Site {
  const limits = { credits, maxBytes: max_body_size }
  return {
    path: PATH,
    elsewhere: `this receiver takes metrics, at ${PATH}`,
    async post(request, response) {
      const format = formatOf(request)
      if (format === undefined) throw unknownType(request)
      const { body, permit } = await readBody(request, limits)
      const partial = await exportMetrics(format, body, permit)
      send(response, format, encodeMetricsResponse(format, partial))
    },
    refuse({ status, message }, request, response) {
      const format = formatOf(request) ?? 'json'
      send(response, format, encodeStatus(format, CODES[status] ?? RPC_CODE.invalidArgument, message))
    }
  }
}

function formatOf(request: Request): OtlpFormat | undefined {
  const type = request.headers['content-type']?.split(';', 1)[0].trim().toLowerCase()
  if (type === MEDIA_TYPES.protobuf) return 'protobuf'
  return type === MEDIA_TYPES.json ? 'json' : undefined
}

function unknownType({ headers }: Request): RequestError {
  const { protobuf, json } = MEDIA_TYPES
  return new RequestError(
    415,
    `content-type ${headers['content-type'] ?? '(none)'} is not OTLP: send ${protobuf} or ${json}`
  )
}

/** Not by Express's `send`, which would add a charset. */
function send(response: Response, format: OtlpFormat, body: Uint8Array): void {
  response.setHeader('content-type', MEDIA_TYPES[format])
  response.setHeader('content-length', body.length)
  response.end(body)
}
