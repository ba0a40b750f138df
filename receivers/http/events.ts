import { type JsonMemory, readJson } from '../../core/wire/json.ts'
import { BadInputError, DEFAULT_LIMITS, type ItemLimits } from '../../sdk/plugin/index.ts'
import { Collector, type ReadEvents } from './collector.ts'
import type { EventFormat } from './event.ts'
import { weirFormat } from './formats/weir.ts'
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
 * @param now Unix ms. Throws {@link BadInputError} for a JSON body that does not parse; a line that does not is left
 * out, unless they are too many. Throws it also for too much.
 */
export function readEvents(form: BodyForm, body: Buffer, now: number, options: EventOptions = {}): ReadEvents {
  const { format = weirFormat, schemas, limits = DEFAULT_LIMITS, maxBytes = Number.POSITIVE_INFINITY, memory } = options
  const collector = new Collector(format, now, limits, maxBytes, schemas)
  const text = body.toString()
  if (form === 'json') readJson(text, json => addList(format.list(json), collector), memory)
  else addLines(text, collector, memory)
  return collector.finish()
}

function addList(list: readonly unknown[], collector: Collector): void {
  for (let index = 0; index < list.length; index++) collector.add('index', index, list[index])
}

function addLines(text: string, collector: Collector, memory: JsonMemory | undefined): void {
  for (let start = 0, line = 1; start < text.length; line++) {
    const found = text.indexOf('\n', start)
    const end = found < 0 ? text.length : found
    const json = text.slice(start, end).trim()
    if (json !== '') addLine(line, json, collector, memory)
    start = end + 1
  }
}

function addLine(line: number, json: string, collector: Collector, memory: JsonMemory | undefined): void {
  try {
    readJson(json, event => collector.add('line', line, event), memory)
  } catch (error) {
    if (!BadInputError.is(error) || error.reason === 'too_large') throw error
    collector.addMalformed(line, error.message)
  }
}
