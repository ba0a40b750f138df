import { element } from '../ui/dom.ts'

const MOST_IN_TEXT = 2

/** A list of boxes to tick, which opens from a button. None ticked stands for all. */
export function multipleChoice(
  title: string,
  values: readonly string[],
  chosen: readonly string[],
  onChange: (chosen: readonly string[]) => void
): HTMLElement {
  const summary = element('summary', {}, `${title}: ${textOf(chosen)}`)
  const boxes = values.map(value => element('input', { type: 'checkbox', value, checked: chosen.includes(value) }))
  const list = element('div', { class: 'choices' }, ...boxes.map((box, i) => element('label', {}, box, values[i])))
  if (values.length === 0) list.append('nothing to choose')
  list.addEventListener('change', () => {
    const ticked = boxes.filter(({ checked }) => checked).map(({ value }) => value)
    summary.textContent = `${title}: ${textOf(ticked)}`
    onChange(ticked)
  })
  return element('details', { class: 'multiple' }, summary, list)
}

function textOf(chosen: readonly string[]): string {
  if (chosen.length === 0) return 'all'
  const more = chosen.length - MOST_IN_TEXT
  return `${chosen.slice(0, MOST_IN_TEXT).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
