import { DefaultSerializer, deserialize } from 'node:v8'
import { crc32 } from 'node:zlib'
import type { Attributes } from '../model/attributes.ts'
import type { Block } from '../model/block.ts'
import type { PointBlock } from '../model/points.ts'
import type { Metric, Resource, Scope, Series } from '../model/series.ts'
import type { Context } from '../plugin/context.ts'
import { windowText } from './outputs.ts'
import type { SavedRule } from './rule.ts'
import type { RuleSettings, WindowSettings } from './settings.ts'
import type { State } from './state.ts'
import type { Source } from './watermark.ts'

// Magic, version (uint32 LE), CRC-32 of the rest (uint32 LE), the rest as V8 serializes it (its format is kept readable by
// later versions of Node). It is columns for the most part, which V8 copies as they are.
const MAGIC = Buffer.from('WEIRWIND')
const VERSION = 4
const HEADER_BYTES = MAGIC.length + 8

interface Saved {
  /** What the state of each rule depends on, in words. */
  readonly shapes: readonly (readonly string[])[]
  readonly watermark: number
  readonly sources: ReadonlyMap<string, Source>
  readonly rules: readonly SavedRule[]
  readonly outbox: readonly SavedBlock[]
}
/** A series by its identity: ids are not the same in the next process. */
type SavedSeries = readonly [Metric, Attributes, Resource, Scope]
type SavedBlock = Omit<PointBlock, 'series'> & { readonly series: readonly SavedSeries[] }

export function saveState({ rules, outbox, watermark }: State, settings: WindowSettings): Uint8Array {
  const saved: Saved = {
    shapes: settings.rules.map(shapeOf),
    watermark: watermark.value,
    sources: watermark.sources,
    rules: rules.map(rule => rule.save()),
    outbox: outbox.blocks.map(block => saveBlock(block as PointBlock))
  }
  // One buffer from the start: a copy of a hundred megabytes costs as much as all the rest.
  const serializer = new DefaultSerializer()
  serializer.writeRawBytes(Buffer.alloc(HEADER_BYTES))
  serializer.writeHeader()
  serializer.writeValue(saved)
  const bytes = serializer.releaseBuffer()
  MAGIC.copy(bytes)
  bytes.writeUInt32LE(VERSION, MAGIC.length)
  bytes.writeUInt32LE(crc32(bytes.subarray(HEADER_BYTES)), MAGIC.length + 4)
  return bytes
}

/** Into a fresh `state`. Throws where the bytes are damaged, or do not fit this version or configuration. */
export function restoreState(bytes: Uint8Array, state: State, settings: WindowSettings, context: Context): void {
  const saved = deserialize(bodyOf(bytes)) as Saved
  checkShapes(saved.shapes, settings.rules.map(shapeOf))
  for (const [i, rule] of saved.rules.entries()) state.rules[i].restore(rule)
  for (const block of saved.outbox) {
    context.account.produced += block.length
    state.outbox.put(restoreBlock(block, context))
  }
  state.watermark.restore(saved.watermark, saved.sources)
}

function bodyOf(bytes: Uint8Array): Uint8Array {
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(HEADER_BYTES, bytes.length))
  if (header.length < HEADER_BYTES || !header.subarray(0, MAGIC.length).equals(MAGIC))
    throw new Error('it is damaged, or an earlier Weir wrote it: stop with that version first, once its windows closed')
  const version = header.readUInt32LE(MAGIC.length)
  if (version !== VERSION)
    throw new Error(
      `it has version ${version}, this Weir reads version ${VERSION}: stop with the one that wrote it, once its windows closed`
    )
  const body = bytes.subarray(HEADER_BYTES)
  if (crc32(body) !== header.readUInt32LE(MAGIC.length + 4)) throw new Error('its checksum does not match')
  return body
}

function checkShapes(saved: readonly (readonly string[])[], now: readonly (readonly string[])[]): void {
  if (saved.length !== now.length)
    throw new Error(`it is of ${saved.length} rules, configured are ${now.length} now; start once with those it was of`)
  for (const [i, shape] of saved.entries())
    for (const [j, had] of shape.entries())
      if (had !== now[i][j])
        throw new Error(
          `it holds open windows of ${had} (rule ${i + 1}), where ${now[i][j]} is configured now; start once with what it had`
        )
}

function shapeOf({ windows, aggregations, attribute, limits, buckets }: RuleSettings): readonly string[] {
  return [
    windows.map(windowText).join(', '),
    aggregations === undefined ? 'the usual aggregations' : `aggregations ${aggregations.toSorted().join(', ')}`,
    attribute === undefined ? 'values' : `the attribute ${attribute}`,
    buckets ? `buckets of scale ${limits.scale}` : 'no buckets'
  ]
}

function saveBlock(block: PointBlock): SavedBlock {
  const series = block.series.map(
    ({ metric, attributes, resource, scope }: Series): SavedSeries => [metric, attributes, resource, scope]
  )
  return { ...block, series }
}

// Columns are copied, for they lie in the bytes that this was read from.
function restoreBlock(block: SavedBlock, { series }: Context): Block {
  return {
    ...block,
    time: block.time.slice(),
    start: block.start.slice(),
    value: block.value.slice(),
    flags: block.flags.slice(),
    series: block.series.map(one => series.intern(...one))
  }
}
