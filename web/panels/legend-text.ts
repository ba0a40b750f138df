import { seriesName } from '../ui/format.ts'
import { labelOf } from './label-of.ts'

/** A series' name: labels put into `template`, such as `{{plan}} in {{country}}`; all labels without one. */
export function legendText(labels: Readonly<Record<string, string>>, template: string | undefined): string {
  if (template === undefined || template === '') return seriesName(labels)
  const text = template.replaceAll(/\{\{\s*([^{}\s]+)\s*\}\}/g, (_, label: string) => labelOf(labels, label))
  if (text.trim() !== '') return text
  return Object.keys(labels).length === 0 ? 'all' : seriesName(labels)
}
