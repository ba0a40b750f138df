import type { CatalogRequest, LatestEvent } from '../../../core/event-queries/event-store.ts'
import { asTexts, type NativeColumns } from '../promql/native-reader.ts'
import type { Statements } from '../promql/statements.ts'
import type { EventRows } from './rows.ts'

const MICROS = 'toFloat64(toUnixTimestamp64Micro(time))'

/** Reads the newest events of a scope. */
export async function storedLatest(
  statements: Statements,
  rows: EventRows,
  request: CatalogRequest,
  signal: AbortSignal
): Promise<LatestEvent[]> {
  const { limit } = request
  // Times are small and attributes are not, so these are read of the newest events only.
  const times = await rows.of(request, ['time'], signal)
  const oldest = await statements.ask(
    `SELECT min(micros) AS first FROM (SELECT ${MICROS} AS micros FROM ${times} ORDER BY micros DESC LIMIT ${limit})`,
    signal
  )
  const first = oldest.flatMap(block => Array.from(block.numbers('first')))[0] ?? 0
  const narrow = { ...request, start: Math.max(request.start, Math.floor(first / 1000)) }
  const from = await rows.of(narrow, ['time', 'name', 'id', 'row', 'attributes', 'value'], signal)
  const blocks = await statements.ask(
    `SELECT ${MICROS} AS micros, CAST(name, 'String') AS event_name, id, toString(row) AS row_text, value,
       CAST(attributes, 'Map(String, String)') AS own
     FROM ${from} ORDER BY micros DESC, event_name, id, row LIMIT ${limit}`,
    signal
  )
  return blocks.flatMap(eventsIn)
}

function eventsIn(block: NativeColumns): LatestEvent[] {
  const [micros, values] = ['micros', 'value'].map(name => block.numbers(name))
  const [names, ids, rows] = ['event_name', 'id', 'row_text'].map(name => block.texts(name))
  const { ends, keys, items } = block.list('own')
  const [attributes, texts] = [asTexts(keys), asTexts(items)]
  return names.map((name, i) => {
    const from = i === 0 ? 0 : ends[i - 1]
    const indexes = Array.from({ length: ends[i] - from }, (_, at) => from + at)
    return {
      timeMs: micros[i] / 1000,
      name,
      id: ids[i] === '' ? undefined : ids[i],
      key: JSON.stringify([micros[i], name, ids[i], rows[i]]),
      value: values[i],
      attributes: Object.fromEntries(indexes.map(at => [attributes[at], texts[at]]))
    }
  })
}
