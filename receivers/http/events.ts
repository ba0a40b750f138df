import type { EventFormat } from '../../core/wire/events/event.ts'
import { weirFormat } from '../../core/wire/events/weir-format.ts'
import { type JsonMemory, readJson } from '../../core/wire/json.ts'
import { DEFAULT_LIMITS, type ItemLimits } from '../../sdk/plugin/index.ts'
import { Collector, type ReadEvents } from './collector.ts'
import { LineReader } from './line-reader.ts'
import type { EventSchemas } from './schemas.ts'

/** The form of a body: one JSON value, or one on each line. */
export type BodyForm = 'json' | 'ndjson'

export interface EventOptions {
  readonly format?: EventFormat
  readonly schemas?: EventSchemas
  readonly limits?: ItemLimits
  /** Limits the memory of one body's events. */
  readonly maxBytes?: number
  readonly memory?: JsonMemory
}

/**
 * @param now Unix ms. Throws `BadInputError` for a JSON body that does not parse; a line that does not is left
 * out, unless they are too many. Throws it also for too much.
 */
export function readEvents(form: BodyForm, body: Buffer, now: number, options: EventOptions = {}): ReadEvents {
  const collector = collectorOf(now, options)
  const { format = weirFormat, memory } = options
  if (form === 'json') readJson(body.toString(), json => addList(format.list(json), collector), memory)
  else {
    const lines = new LineReader(collector, memory)
    lines.push(body)
    lines.end()
  }
  return collector.finish()
}

/** @param now Unix ms, the time of events that have none */
export function collectorOf(now: number, options: EventOptions): Collector {
  const { format = weirFormat, schemas, limits = DEFAULT_LIMITS, maxBytes = Number.POSITIVE_INFINITY } = options
  return new Collector(format, now, limits, maxBytes, schemas)
}

function addList(list: readonly unknown[], collector: Collector): void {
  for (let index = 0; index < list.length; index++) collector.add('index', index, list[index])
}
