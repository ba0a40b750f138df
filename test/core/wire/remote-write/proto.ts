import protobuf from 'protobufjs'

/** Messages of remote write, by an encoder that is not ours. Fields as in Prometheus' prompb. */
const SCHEMA = `
syntax = "proto3";
message WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
message MetricMetadata { int32 type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
message TimeSeries {
  repeated Label labels = 1;
  repeated Sample samples = 2;
  repeated Exemplar exemplars = 3;
  repeated Histogram histograms = 4;
}
message Label { string name = 1; string value = 2; }
message Sample { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3; }
message Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }
message Histogram {
  oneof count { uint64 count_int = 1; double count_float = 2; }
  double sum = 3;
  sint32 schema = 4;
  double zero_threshold = 5;
  oneof zero_count { uint64 zero_count_int = 6; double zero_count_float = 7; }
  repeated BucketSpan negative_spans = 8;
  repeated sint64 negative_deltas = 9 [packed = true];
  repeated double negative_counts = 10 [packed = true];
  repeated BucketSpan positive_spans = 11;
  repeated sint64 positive_deltas = 12 [packed = true];
  repeated double positive_counts = 13 [packed = true];
  int32 reset_hint = 14;
  int64 timestamp = 15;
  repeated double custom_values = 16 [packed = true];
  int64 start_timestamp = 17;
}
message BucketSpan { sint32 offset = 1; uint32 length = 2; }
message Request { repeated string symbols = 4; repeated TimeSeries2 timeseries = 5; }
message TimeSeries2 {
  repeated uint32 labels_refs = 1 [packed = true];
  repeated Sample samples = 2;
  repeated Histogram histograms = 3;
  repeated Exemplar2 exemplars = 4;
  Metadata metadata = 5;
  int64 created_timestamp = 6;
}
message Exemplar2 { repeated uint32 labels_refs = 1 [packed = true]; double value = 2; int64 timestamp = 3; }
message Metadata { int32 type = 1; uint32 help_ref = 3; uint32 unit_ref = 4; }
`
const { root } = protobuf.parse(SCHEMA)
const FIRST = root.lookupType('WriteRequest')
const SECOND = root.lookupType('Request')

export type LabelTexts = Readonly<Record<string, string>> | readonly (readonly [string, string])[]

/** A series as a test writes it; fields in camel case, as protobufjs has them. */
export interface SentSeries {
  readonly labels: LabelTexts
  readonly samples?: readonly object[]
  readonly histograms?: readonly object[]
  readonly exemplars?: readonly SentExemplar[]
  /** Only 2.0. */
  readonly metadata?: { readonly type: number }
  readonly createdTimestamp?: number
}

export interface SentExemplar {
  readonly labels?: LabelTexts
  readonly value: number
  readonly timestamp: number
}

const pairs = (labels: LabelTexts) => (Array.isArray(labels) ? labels : Object.entries(labels)) as [string, string][]

export function writeRequest1(series: readonly SentSeries[], metadata: readonly object[] = []): Buffer {
  const labelsOf = (labels: LabelTexts) => pairs(labels).map(([name, value]) => ({ name, value }))
  const timeseries = series.map(({ labels, exemplars = [], ...rest }) => ({
    ...rest,
    labels: labelsOf(labels),
    exemplars: exemplars.map(({ labels = {}, ...exemplar }) => ({ ...exemplar, labels: labelsOf(labels) }))
  }))
  return Buffer.from(FIRST.encode(FIRST.fromObject({ timeseries, metadata })).finish())
}

export function writeRequest2(series: readonly SentSeries[]): Buffer {
  const symbols = ['']
  const ref = (text: string) => {
    const known = symbols.indexOf(text)
    return known < 0 ? symbols.push(text) - 1 : known
  }
  const refs = (labels: LabelTexts) => pairs(labels).flat().map(ref)
  const timeseries = series.map(({ labels, exemplars = [], ...rest }) => ({
    ...rest,
    labelsRefs: refs(labels),
    exemplars: exemplars.map(({ labels = {}, ...exemplar }) => ({ ...exemplar, labelsRefs: refs(labels) }))
  }))
  return encodeRequest2({ symbols, timeseries })
}

/** A request with symbols as they are. */
export function encodeRequest2(request: object): Buffer {
  return Buffer.from(SECOND.encode(SECOND.fromObject(request)).finish())
}
