import type { GrpcService, UnaryHandler } from '../../core/grpc/server.ts'
import { RequestError } from '../../core/http/request-error.ts'
import { encodeExportResponse, grpcMethod } from '../../core/wire/otlp/response.ts'
import type { ExportServices } from './signals.ts'
import type { TraceRefusals } from './traces.ts'

/** OTLP/gRPC (https://opentelemetry.io/docs/specs/otlp/#otlpgrpc). */
export function grpcService(services: ExportServices, traces: TraceRefusals): GrpcService {
  const methods = new Map<string, UnaryHandler>()
  for (const [signal, service] of services)
    methods.set(grpcMethod(signal), async (message, permit, _call, tenant) =>
      encodeExportResponse(signal, 'protobuf', await service.export('protobuf', message, permit, tenant))
    )
  const taken = [...methods.keys()].join(', ')
  return {
    methods,
    elsewhere: ({ path, peer }) =>
      traces.refusalOf(path, peer) ?? new RequestError(404, `there is no method ${path}: this receiver has ${taken}`)
  }
}
