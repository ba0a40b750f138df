import { type Attributes, attributeText } from '../../model/attributes.ts'
import type { Block } from '../../model/block.ts'
import type { Distribution } from '../../model/distribution.ts'
import type { EventBlock } from '../../model/events.ts'
import { FLAG_NO_RECORDED_VALUE, type PointBlock } from '../../model/points.ts'
import { redacted } from '../../model/secret-names.ts'

/** Longer texts are cut off: a line is for people. */
const LONGEST_TEXT = 200
const MOST_ATTRIBUTES = 50

/** Item `i` of a block as an object for JSON, without secrets. It keeps nothing of the block. */
export function itemJson(block: Block, i: number): object {
  return block.type === 'points' ? pointJson(block, i) : eventJson(block, i)
}

function pointJson(block: PointBlock, i: number): object {
  const { metric, attributes, resource } = block.series.read(i)
  const { name, unit, kind, temporality } = metric
  const distribution = block.distributions.get(i)
  return {
    type: 'point',
    time: timeText(block.time[i]),
    name: cut(name),
    kind,
    temporality: temporality === 'unspecified' ? undefined : temporality,
    unit: unit === '' ? undefined : cut(unit),
    attributes: attributesJson(attributes),
    resource: resource.attributes.length === 0 ? undefined : attributesJson(resource.attributes),
    start: block.start[i] === 0 ? undefined : timeText(block.start[i]),
    value: numberJson(block.value[i]),
    count: distribution && countOf(distribution),
    ended: (block.flags[i] & FLAG_NO_RECORDED_VALUE) !== 0 || undefined
  }
}

function eventJson({ time, name, id, attributes, value }: EventBlock, i: number): object {
  return {
    type: 'event',
    time: timeText(time[i]),
    name: cut(name[i]),
    id: id[i] === undefined ? undefined : cut(id[i]),
    attributes: attributesJson(attributes[i]),
    value: numberJson(value[i])
  }
}

function attributesJson(attributes: Attributes): Record<string, unknown> {
  const shown = redacted(attributes.slice(0, MOST_ATTRIBUTES)).map(([name, value]) => [
    cut(name),
    typeof value === 'number' || typeof value === 'boolean' ? value : cut(attributeText(value))
  ])
  const left = attributes.length - shown.length
  return Object.fromEntries(left > 0 ? [...shown, ['…', `${left} more`]] : shown)
}

function countOf(distribution: Distribution): number {
  return distribution.kind === 'set' ? distribution.members.length : distribution.count
}

/** JSON has neither infinity nor NaN. */
const numberJson = (value: number) => (Number.isFinite(value) ? value : String(value))

/** A time that no date can have is a number. */
function timeText(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString()
}

const cut = (text: string) => (text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text)
