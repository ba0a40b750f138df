import { type Attributes, attributeText, findAttribute } from '../../core/model/attributes.ts'
import type { EventBlock } from '../../core/model/events.ts'
import { ByteSink, NativeBlock, NestedColumn } from './native-format.ts'

// Fields without a column in the log table go with the attributes.
const NAME = 'event.name'
const ID = 'event.id'
const VALUE = 'event.value'

/** Rows of `otel_logs`: an event is a log record whose body is its name. */
export function logRows(block: EventBlock): NativeBlock {
  const n = block.length
  const bodies = new ByteSink()
  const services = new ByteSink()
  const attributes = new NestedColumn(n)
  for (let i = 0; i < n; i++) {
    bodies.text(block.name[i])
    services.text(attributeText(findAttribute(block.attributes[i], 'service.name') ?? ''))
    addLogAttributes(attributes, block.attributes[i], block.name[i], block.id[i], block.value[i])
  }
  const rows = new NativeBlock(n)
  rows.time('Timestamp', 9, block.time)
  rows.texts('ServiceName', services)
  rows.texts('Body', bodies)
  rows.map('LogAttributes', 'String', 'String', attributes)
  return rows
}

function addLogAttributes(
  column: NestedColumn,
  attributes: Attributes,
  name: string,
  id: string | undefined,
  value: number
): void {
  let entries = attributes.length + 1
  for (const [key, attribute] of attributes) addEntry(column, key, attributeText(attribute))
  addEntry(column, NAME, name)
  if (id !== undefined && ++entries) addEntry(column, ID, id)
  if (value !== 1 && ++entries) addEntry(column, VALUE, String(value))
  column.endRow(entries)
}

function addEntry(column: NestedColumn, key: string, value: string): void {
  column.keys.text(key)
  column.values.text(value)
}
