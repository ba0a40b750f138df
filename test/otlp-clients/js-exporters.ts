import { OTLPLogExporter as GrpcLogs } from '@opentelemetry/exporter-logs-otlp-grpc'
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufLogs } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter as GrpcMetrics } from '@opentelemetry/exporter-metrics-otlp-grpc'
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as ProtobufMetrics } from '@opentelemetry/exporter-metrics-otlp-proto'
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base'
import type { LogRecordExporter } from '@opentelemetry/sdk-logs'
import type { AggregationTemporality, PushMetricExporter } from '@opentelemetry/sdk-metrics'
import { WeirMetricExporter } from '../../sdk/client/opentelemetry/index.ts'

export const JS_PROTOCOLS: readonly string[] = ['http/protobuf', 'http/json', 'grpc']
/** WeirMetricExporter, and not one of OpenTelemetry's exporters. */
export const WEIR_PROTOCOL = 'weir'

/** @param address `host:port` @param compression `none` or `gzip` */
export function metricExporter(
  protocol: string,
  address: string,
  compression: string,
  temporalityPreference: AggregationTemporality
): PushMetricExporter {
  if (protocol === WEIR_PROTOCOL)
    return new WeirMetricExporter({ endpoint: `http://${address}`, temporalityPreference })
  const Exporter = { 'http/protobuf': ProtobufMetrics, 'http/json': JsonMetrics, grpc: GrpcMetrics }[protocol]!
  return new Exporter({ ...options(protocol, address, 'metrics', compression), temporalityPreference })
}

export function logExporter(protocol: string, address: string, compression: string): LogRecordExporter {
  const Exporter = { 'http/protobuf': ProtobufLogs, 'http/json': JsonLogs, grpc: GrpcLogs }[protocol]!
  return new Exporter(options(protocol, address, 'logs', compression))
}

function options(protocol: string, address: string, signal: string, compression: string) {
  const url = protocol === 'grpc' ? `http://${address}` : `http://${address}/v1/${signal}`
  return { url, compression: compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE }
}
