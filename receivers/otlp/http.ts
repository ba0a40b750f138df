import type { IncomingMessage } from 'node:http'
import { bodyLimits, readBody } from '../../core/http/body.ts'
import { BEACON_TYPE, cors } from '../../core/http/cors.ts'
import { RequestError } from '../../core/http/request-error.ts'
import { send } from '../../core/http/send.ts'
import type { Post, Site } from '../../core/http/site.ts'
import { encodeExportResponse, encodeStatus, type OtlpFormat } from '../../core/wire/otlp/response.ts'
import { RPC_CODE } from '../../core/wire/rpc-code.ts'
import type { Context } from '../../sdk/plugin/index.ts'
import type { HttpConfig } from './config.ts'
import { type ExportServices, httpPath } from './signals.ts'
import type { TraceRefusals } from './traces.ts'

const MEDIA_TYPES = { protobuf: 'application/x-protobuf', json: 'application/json' }
const FORMATS: ReadonlyMap<string, OtlpFormat> = new Map([
  [MEDIA_TYPES.protobuf, 'protobuf'],
  [MEDIA_TYPES.json, 'json']
])
const CODES: Readonly<Record<number, number>> = {
  401: RPC_CODE.unauthenticated,
  403: RPC_CODE.permissionDenied,
  404: RPC_CODE.notFound,
  405: RPC_CODE.unimplemented,
  429: RPC_CODE.resourceExhausted,
  503: RPC_CODE.unavailable
}

/** OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp). */
export function httpSite(
  services: ExportServices,
  traces: TraceRefusals,
  { max_body_size, cors_allowed_origins: origins, auth }: HttpConfig,
  { credits }: Context
): Site {
  const formats = origins.length > 0 ? new Map([...FORMATS, [BEACON_TYPE, 'json'] as const]) : FORMATS
  const posts = new Map<string, Post>()
  for (const [signal, service] of services)
    posts.set(httpPath(signal), async (request, response, tenant) => {
      const format = formats.get(typeOf(request))
      if (format === undefined) throw unknownType(request)
      const { body, permit } = await readBody(request, bodyLimits(credits, max_body_size, 'max_body_size', tenant))
      const partial = await service.export(format, body, permit, tenant)
      send(response, MEDIA_TYPES[format], encodeExportResponse(signal, format, partial))
    })
  const taken = [...services.keys()].map(signal => `${signal} at ${httpPath(signal)}`).join(' and ')
  return {
    posts,
    before: origins.length > 0 ? cors(origins, auth !== undefined) : undefined,
    elsewhere: ({ path, socket }) =>
      traces.refusalOf(path, socket.remoteAddress ?? 'an unknown address') ??
      new RequestError(404, `there is nothing at ${path}: this receiver takes ${taken}`),
    refuse({ status, message }, request, response) {
      const format = formats.get(typeOf(request)) ?? 'json'
      send(response, MEDIA_TYPES[format], encodeStatus(format, CODES[status] ?? RPC_CODE.invalidArgument, message))
    }
  }
}

const typeOf = ({ headers }: IncomingMessage) => headers['content-type']?.split(';', 1)[0].trim().toLowerCase() ?? ''

function unknownType({ headers }: IncomingMessage): RequestError {
  const { protobuf, json } = MEDIA_TYPES
  return new RequestError(
    415,
    `content-type ${headers['content-type'] ?? '(none)'} is not OTLP: send ${protobuf} or ${json}`
  )
}
