import { element } from '../ui/dom.ts'

/** An input of a form. */
export interface Field {
  readonly key: string
  readonly label: string
  /** `lines`: several texts, one a line. */
  readonly type: 'text' | 'lines' | 'number' | 'flag'
  readonly required?: boolean
  /** Of numbers. */
  readonly max?: number
  readonly hint?: string
}

export type FieldValue = string | number | boolean | readonly string[]

/** Inputs, and the values that are in them. Empty ones have none. */
export class Fields {
  readonly root = element('div', { class: 'fields' })
  readonly #inputs: readonly (readonly [Field, HTMLInputElement | HTMLTextAreaElement])[]

  constructor(fields: readonly Field[], values: Readonly<Record<string, unknown>>) {
    this.#inputs = fields.map(field => [field, inputOf(field, values[field.key])])
    const labels = this.#inputs.map(([{ label, type }, input]) =>
      type === 'flag' ? element('label', { class: 'flag' }, input, label) : element('label', {}, label, input)
    )
    this.root.append(...labels)
  }

  get values(): Readonly<Record<string, FieldValue>> {
    const values: Record<string, FieldValue> = {}
    for (const [{ key, type }, input] of this.#inputs) {
      if (type === 'flag') {
        if ((input as HTMLInputElement).checked) values[key] = true
        continue
      }
      const text = input.value.trim()
      if (text === '') continue
      values[key] = type === 'number' ? Number(text) : type === 'lines' ? linesIn(text) : text
    }
    return values
  }
}

export function choice(label: string, values: readonly string[], chosen: string, onChange: (value: string) => void) {
  const select = element(
    'select',
    {},
    ...values.map(value => element('option', { value, selected: value === chosen }, value))
  )
  select.addEventListener('change', () => onChange(select.value))
  return element('label', {}, label, select)
}

function inputOf({ type, required, max, hint }: Field, value: unknown): HTMLInputElement | HTMLTextAreaElement {
  if (type === 'lines') {
    const lines = Array.isArray(value) ? value.map(String) : []
    const area = element('textarea', {
      rows: Math.max(2, lines.length),
      required,
      placeholder: hint,
      spellcheck: 'false'
    })
    area.value = lines.join('\n')
    return area
  }
  if (type === 'flag') return element('input', { type: 'checkbox', checked: value === true })
  const number = type === 'number' && { type: 'number', min: 1, max }
  return element('input', { required, placeholder: hint, value: value === undefined ? '' : String(value), ...number })
}

const linesIn = (text: string) =>
  text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
