import { inspect } from 'node:util'
import protobuf from 'protobufjs'

/**
 * OTLP's ExportMetricsServiceRequest, by an encoder that is not ours. Fields as in opentelemetry-proto 1.x, without those
 * that the tests never set.
 */
const SCHEMA = `
syntax = "proto3";
message Request { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; string schema_url = 3; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; }
message Scope { string name = 1; string version = 2; repeated KeyValue attributes = 3; }
message Metric {
  string name = 1;
  string unit = 3;
  oneof data { Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9; Exponential exponential_histogram = 10; Summary summary = 11; }
}
message Gauge { repeated NumberPoint data_points = 1; }
message Sum { repeated NumberPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message Histogram { repeated HistogramPoint data_points = 1; int32 aggregation_temporality = 2; }
message Exponential { repeated ExponentialPoint data_points = 1; int32 aggregation_temporality = 2; }
message Summary { repeated SummaryPoint data_points = 1; }
message NumberPoint {
  fixed64 start_time_unix_nano = 2;
  fixed64 time_unix_nano = 3;
  oneof value { double as_double = 4; sfixed64 as_int = 6; }
  repeated KeyValue attributes = 7;
  uint32 flags = 8;
}
message HistogramPoint {
  fixed64 start_time_unix_nano = 2;
  fixed64 time_unix_nano = 3;
  fixed64 count = 4;
  optional double sum = 5;
  repeated fixed64 bucket_counts = 6;
  repeated double explicit_bounds = 7;
  repeated KeyValue attributes = 9;
  uint32 flags = 10;
  optional double min = 11;
  optional double max = 12;
}
message ExponentialPoint {
  repeated KeyValue attributes = 1;
  fixed64 start_time_unix_nano = 2;
  fixed64 time_unix_nano = 3;
  fixed64 count = 4;
  optional double sum = 5;
  sint32 scale = 6;
  fixed64 zero_count = 7;
  Buckets positive = 8;
  Buckets negative = 9;
  uint32 flags = 10;
  optional double min = 12;
  optional double max = 13;
  double zero_threshold = 14;
}
message Buckets { sint32 offset = 1; repeated uint64 bucket_counts = 2; }
message SummaryPoint {
  fixed64 start_time_unix_nano = 2;
  fixed64 time_unix_nano = 3;
  fixed64 count = 4;
  double sum = 5;
  repeated Quantile quantile_values = 6;
  repeated KeyValue attributes = 7;
  uint32 flags = 8;
}
message Quantile { double quantile = 1; double value = 2; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
`
const REQUEST = protobuf.parse(SCHEMA, { keepCase: false }).root.lookupType('Request')

/** @param request as OTLP/JSON has it: 64-bit integers as text, names in camel case */
export function toProtobuf(request: object): Buffer {
  return Buffer.from(REQUEST.encode(REQUEST.fromObject(request)).finish())
}

/** OTLP/JSON of the same; it has texts for numbers that JSON has not. */
export function toJson(request: object): Buffer {
  const text = (_key: string, value: unknown) =>
    typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0)) ? value : inspect(value)
  return Buffer.from(JSON.stringify(request, text))
}
