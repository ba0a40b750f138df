/** The one door for plugin authors: everything a receiver, processor or exporter may use. */

export { Batch } from '../../core/batch/batch.ts'
export type { CreditPool, Permit } from '../../core/batch/credits.ts'
export type { Origin, Outcome } from '../../core/batch/settlement.ts'
export { BadInputError, describeError, ExportError, WeirError } from '../../core/errors.ts'
export { type Delivery, HttpIngest } from '../../core/http/ingest.ts'
export type { Attribute, Attributes, AttributeValue } from '../../core/model/attributes.ts'
export {
  attributeText,
  findAttribute,
  NO_ATTRIBUTES,
  sortAttributes,
  withAttributes
} from '../../core/model/attributes.ts'
export type { Block } from '../../core/model/block.ts'
export { blockBytes } from '../../core/model/block.ts'
export type {
  DistinctSketch,
  Distribution,
  ExponentialBuckets,
  ExponentialHistogram,
  Histogram,
  MemberSet,
  Summary
} from '../../core/model/distribution.ts'
export { observation } from '../../core/model/distribution.ts'
export type { EventBlock } from '../../core/model/events.ts'
export {
  DEFAULT_LIMITS,
  ITEM_FLAWS,
  type ItemFlaw,
  type ItemLimits,
  measureAll,
  measureAttributes,
  measureName
} from '../../core/model/item-limits.ts'
export { joinBlocks } from '../../core/model/join.ts'
export type { NamedSeries } from '../../core/model/named-series.ts'
export type { PointBlock } from '../../core/model/points.ts'
export { FLAG_NO_RECORDED_VALUE, PointBlockBuilder } from '../../core/model/points.ts'
export type { SavedBlock, SavedSeries } from '../../core/model/saved-blocks.ts'
export { restoreBlock, restoreSeries, saveBlock, saveSeries } from '../../core/model/saved-blocks.ts'
export { openState, sealInSteps, sealState } from '../../core/model/saved-state.ts'
export { select } from '../../core/model/select.ts'
export type { Metric, MetricKind, Resource, Scope, Temporality } from '../../core/model/series.ts'
export { NO_RESOURCE, NO_SCOPE } from '../../core/model/series.ts'
export type { Series, SeriesTable } from '../../core/model/series-table/series-table.ts'
export { quantileOf, relativeErrorOf, scaleOf } from '../../core/model/sketch/ddsketch.ts'
export { DistinctCounter } from '../../core/model/sketch/distinct-counter.ts'
export { addDistinct, distinctSketch } from '../../core/model/sketch/distinct-sketch.ts'
export { sliceBlock } from '../../core/model/slice.ts'
export { Gate } from '../../core/pipeline/stage/gate.ts'
export type { Conversion } from '../../core/pipeline/stateful/stateful-processor.ts'
export { StatefulProcessor } from '../../core/pipeline/stateful/stateful-processor.ts'
export type { Tenant } from '../../core/plugin/access.ts'
export type { ConfigOf } from '../../core/plugin/config-of.ts'
export type { ComponentState, Context, Refusal } from '../../core/plugin/context.ts'
export type {
  BatchProcessor,
  Capability,
  CheckpointParticipant,
  ConfigProblem,
  ConfigSchema,
  Exporter,
  ExporterPlugin,
  Extension,
  ExtensionPlugin,
  Feeding,
  JsonSchema,
  MapProcessor,
  Plugin,
  Port,
  Processor,
  ProcessorPlugin,
  Receiver,
  ReceiverPlugin,
  Stateful,
  StreamProcessor,
  Upsert
} from '../../core/plugin/contract.ts'
export { API_VERSION, CAPABILITIES } from '../../core/plugin/contract.ts'
export type { BlockOf, ExporterOf, MapProcessorOf } from '../../core/plugin/define.ts'
export { defineExporter, defineExtension, defineProcessor, defineReceiver } from '../../core/plugin/define.ts'
export type { Explanation, Inspectable, StateFigures } from '../../core/plugin/inspection.ts'
export { EXPORTER_NAME, type GroupStatus, type RuleStatus, type Stores } from '../../core/plugin/stores.ts'
export type { PartitionEntries, PartitionEntry, Task, TaskOptions, Tasks } from '../../core/plugin/tasks.ts'
export { endpoint } from '../../core/schema/endpoint.ts'
export {
  byteSize,
  duration,
  formatDuration,
  parseDuration
} from '../../core/schema/units.ts'
export { sleep } from '../../core/telemetry/clock.ts'
export { decodeDDSketch, encodeDDSketch } from '../../core/wire/ddsketch.ts'
export { AutoRetry } from './auto-retry.ts'
export { LIMITS_SCHEMA } from './item-limits.ts'
export { type BufferBatchesOptions, bufferBatches } from './operators/buffer-batches.ts'
export { type GroupByAttributeOptions, groupByAttribute } from './operators/group-by-attribute.ts'
export { mapBlock } from './operators/map-block.ts'
export { type RetryNackedOptions, retryNacked } from './operators/retry-nacked.ts'
export { splitBlock } from './operators/split-block.ts'
export { SameTimeLosses } from './same-time-losses.ts'
