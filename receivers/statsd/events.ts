import {
  type Attribute,
  type Attributes,
  type ItemLimits,
  measureAll,
  measureAttributes,
  measureName,
  sortAttributes
} from '../../sdk/plugin/index.ts'
import type { Refusal } from './refusal.ts'
import { timestampOf } from './sections.ts'
import { addOrigin, addTags, utf8 } from './tags.ts'

/** An event or a service check of DogStatsD, as an event of Weir. Only a service check has `dogstatsd.status`. */
export interface DogStatsdEvent {
  /** The title of an event, or the name of a service check. */
  readonly name: string
  /** Unix ms. */
  readonly time: number
  readonly attributes: Attributes
}

const EVENT = /^_e\{(\d{1,9}),(\d{1,9})\}:/
const SERVICE_CHECK = /^_sc\|([^|]+)\|([0-3])(?=\||$)/
const STATUSES = ['ok', 'warning', 'critical', 'unknown']
const MESSAGE = '|m:'
/** Attributes by the beginning of their section. */
const SECTIONS: readonly (readonly [start: string, key: string])[] = [
  ['h:', 'host.name'],
  ['k:', 'dogstatsd.aggregation_key'],
  ['p:', 'dogstatsd.priority'],
  ['s:', 'dogstatsd.source_type'],
  ['t:', 'dogstatsd.alert_type']
]

/**
 * Reads an event, `_e{title length,text length}:title|text|…`, or a service check, `_sc|name|status|…`. Undefined if
 * the line is neither. https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/
 * @param line as latin1: lengths are those of bytes
 * @param now Unix ms, the time of a line without one
 */
export function readEvent(line: string, now: number, limits: ItemLimits): DogStatsdEvent | Refusal | undefined {
  if (line.startsWith('_e{')) return readPlainEvent(line, now, limits)
  return line.startsWith('_sc|') ? readServiceCheck(line, now, limits) : undefined
}

function readPlainEvent(line: string, now: number, limits: ItemLimits): DogStatsdEvent | Refusal {
  const [head, titleLength, textLength] = EVENT.exec(line) ?? []
  if (head === undefined) return 'invalid_event'
  const titleEnd = head.length + Number(titleLength)
  const textEnd = titleEnd + 1 + Number(textLength)
  const isWhole = textEnd === line.length || line[textEnd] === '|'
  if (titleEnd === head.length || line[titleEnd] !== '|' || !isWhole) return 'invalid_event'
  const text = line.slice(titleEnd + 1, textEnd)
  const attributes: Attribute[] = text === '' ? [] : [['dogstatsd.text', unescaped(text)]]
  return finish(line.slice(head.length, titleEnd), line.slice(textEnd + 1), attributes, now, limits)
}

function readServiceCheck(line: string, now: number, limits: ItemLimits): DogStatsdEvent | Refusal {
  const [head, name, status] = SERVICE_CHECK.exec(line) ?? []
  if (head === undefined) return 'invalid_service_check'
  const attributes: Attribute[] = [['dogstatsd.status', STATUSES[Number(status)]]]
  // The message is the last section, whatever is in it.
  const at = line.indexOf(MESSAGE, head.length)
  const end = at < 0 ? line.length : at
  if (at >= 0) attributes.push(['dogstatsd.message', unescaped(line.slice(at + MESSAGE.length))])
  return finish(name, line.slice(head.length + 1, end), attributes, now, limits)
}

function finish(
  name: string,
  sections: string,
  attributes: Attribute[],
  now: number,
  limits: ItemLimits
): DogStatsdEvent | Refusal {
  let time = now
  const list = sections.split('|')
  for (const section of list) {
    if (section.startsWith('d:')) time = timestampOf(section.slice(2))
    else if (section.startsWith('#')) addTags(section.slice(1), attributes)
    else {
      const known = SECTIONS.find(([start]) => section.startsWith(start))
      if (known !== undefined) attributes.push([known[1], utf8(section.slice(known[0].length))])
    }
  }
  if (Number.isNaN(time)) return 'invalid_timestamp'
  addOrigin(list, attributes)
  const plainName = utf8(name)
  const length = measureAll(limits, measureName(plainName, limits), measureAttributes(attributes, limits))
  if (typeof length === 'string') return length
  return { name: plainName, time, attributes: sortAttributes(attributes) }
}

/** Newlines would end the line, so they come as `\n`. */
const unescaped = (text: string) => utf8(text.replaceAll('\\n', '\n'))
