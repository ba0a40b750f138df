import { type AttributeValue, attributeText } from '../model/attributes.ts'

/** A row of a table, seen or expected. */
export interface Row {
  /** By these it is known, as texts, by column. */
  readonly cells: Readonly<Record<string, string>>
  /** Figures by column. Of a row that is seen, all it has. */
  readonly figures: Readonly<Record<string, number>>
}

/** Attributes as texts, by key: `plan=pro`, `window=10s`. Different values have different texts. */
export function attributeTexts(attributes: Iterable<readonly [key: string, value: AttributeValue]>): string[] {
  const pairs = [...attributes].sort(([a], [b]) => (a < b ? -1 : 1))
  return pairs.map(([key, value]) => `${key}=${valueText(value)}`)
}

/** In quotes if it is a text that would be read as another type, or as several words. */
function valueText(value: AttributeValue): string {
  if (value === null) return 'null'
  if (typeof value !== 'string') return attributeText(value)
  const isPlain = /^[^\s"=]+$/.test(value) && Number.isNaN(Number(value)) && !/^(?:true|false|null)$/.test(value)
  return isPlain ? value : JSON.stringify(value)
}

/** Lines of a table whose columns stand below each other. */
export function aligned(lines: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const cells of lines)
    for (const [i, cell] of cells.entries()) widths[i] = Math.max(widths[i] ?? 0, [...cell].length)
  return lines.map(cells =>
    cells
      .map((cell, i) => cell + ' '.repeat(widths[i] - [...cell].length))
      .join('  ')
      .trimEnd()
  )
}
