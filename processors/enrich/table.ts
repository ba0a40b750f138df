import { readFileSync, statSync } from 'node:fs'
import { CsvError, parse as parseCsv } from 'csv-parse/sync'
import { load, YAMLException } from 'js-yaml'
import {
  type Attribute,
  type Attributes,
  attributeText,
  describeError,
  sortAttributes
} from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { formatOf } from './format.ts'

/** Read in one piece, between two batches. */
const LARGEST_FILE_BYTES = 64 * 2 ** 20

/** The table of a file: by value, attributes to add, sorted. */
export type Table = ReadonlyMap<string, Attributes>

type Row = Readonly<Record<string, unknown>>
/** A row, and its position, for people. */
type PlacedRow = readonly [where: string, row: Row]

/** Reads the table at once. Throws with the file's name, and the line or row that is wrong. */
export function readTable(config: Pick<Config, 'file' | 'attribute' | 'column' | 'columns' | 'max_rows'>): Table {
  const { file, attribute, columns, max_rows } = config
  const column = config.column === '' ? attribute : config.column
  const rows = formatOf(file) === '.csv' ? csvRows(file) : documentRows(file, column)
  if (rows.length > max_rows) throw new Error(`${file}: it has ${rows.length} rows, max_rows is ${max_rows}`)
  for (const name of columns)
    if (!rows.some(([, row]) => Object.hasOwn(row, name))) throw new Error(`${file}: no row has a column "${name}"`)
  const table = new Map<string, Attributes>()
  for (const [where, row] of rows) {
    const key = row[column]
    if (!isScalar(key)) throw new Error(`${where}: there is no column "${column}", or it is empty`)
    if (table.has(String(key))) throw new Error(`${where}: "${key}" stands in the table twice`)
    table.set(String(key), attributesOf(row, column, columns, where))
  }
  return table
}

function csvRows(file: string): PlacedRow[] {
  try {
    const options = { columns: true, bom: true, skip_empty_lines: true, info: true } as const
    const parsed = parseCsv(readText(file), options) as unknown as { record: Row; info: { lines: number } }[]
    return parsed.map(({ record, info }) => [`${file}:${info.lines}`, record])
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new Error(`${file}:${error.lines ?? 1}: ${error.message}`, { cause: error })
  }
}

/** A list of rows, or a mapping from values to rows. */
function documentRows(file: string, column: string): PlacedRow[] {
  const document = parseDocument(file)
  if (Array.isArray(document)) return document.map((row, i) => placed(`${file}: row ${i + 1}`, row))
  if (typeof document !== 'object' || document === null)
    throw new Error(`${file}: expected a list or a mapping of rows`)
  return Object.entries(document).map(([key, row]) => {
    const [where, own] = placed(`${file}: ${key}`, row)
    return [where, { ...own, [column]: key }]
  })
}

function parseDocument(file: string): unknown {
  const text = readText(file)
  try {
    return formatOf(file) === '.json' ? JSON.parse(text) : load(text)
  } catch (error) {
    if (!(error instanceof YAMLException)) throw new Error(`${file}: ${describeError(error)}`, { cause: error })
    throw new Error(`${file}:${(error.mark?.line ?? 0) + 1}: ${error.reason}`, { cause: error })
  }
}

function readText(file: string): string {
  const { size } = reading(file, () => statSync(file))
  // Before it is read: it may be larger than memory.
  if (size > LARGEST_FILE_BYTES) throw new Error(`${file}: it has ${size} bytes, ${LARGEST_FILE_BYTES} are the most`)
  return reading(file, () => readFileSync(file, 'utf8'))
}

function reading<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new Error(`${file} cannot be read: ${describeError(error)}`, { cause: error })
  }
}

function placed(where: string, row: unknown): PlacedRow {
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    throw new Error(`${where}: expected a mapping of columns`)
  return [where, row as Row]
}

/** Without cells that are empty or missing. */
function attributesOf(row: Row, column: string, columns: readonly string[], where: string): Attributes {
  const attributes: Attribute[] = []
  for (const [name, value] of Object.entries(row)) {
    if (name === column || (columns.length > 0 && !columns.includes(name))) continue
    if (value === null || value === '') continue
    if (!isScalar(value)) throw new Error(`${where}: "${name}" is no text, number, true or false`)
    attributes.push([name, value])
  }
  return sortAttributes(attributes)
}

const isScalar = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value) && attributeText(value as string) !== ''
