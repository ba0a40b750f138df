import type { EntryTrace, PipelineTrace, ShownSeries, StageTrace } from '../../core/admin/why/trace.ts'
import type { TracedSeries, WhyAnswer } from '../../core/admin/why/why.ts'
import { element } from '../ui/dom.ts'
import { count, seriesName } from '../ui/format.ts'

/** Classes of badges. */
const CLASSES: Readonly<Record<EntryTrace['fate'], string>> = {
  passes: '',
  changes: '',
  counted: '',
  stored: 'ok',
  dropped: 'failed'
}

/** The way of each series, pipeline by pipeline. @param component `<kind>/<id>` of the one that is looked at */
export function whyAnswer({ traced, hints, watchedSeconds }: WhyAnswer, component: string): HTMLElement[] {
  return [
    ...hints.map(hint => element('p', { class: 'note' }, hint)),
    ...traced.map(one => tracedSeries(one, watchedSeconds, component))
  ]
}

function tracedSeries({ series, seen, pipelines }: TracedSeries, seconds: number, component: string): HTMLElement {
  const name = nameOf(series)
  const from =
    seen.length === 0
      ? `Nothing of it came within ${seconds} s.`
      : `Received by ${seen.map(({ receiver, items }) => `${receiver} (${count(items)} items in ${seconds} s)`).join(', ')}.`
  const ways =
    pipelines.length === 0
      ? [element('p', { class: 'message' }, 'No pipeline takes it.')]
      : pipelines.map(way => pipelineWay(way, component))
  return element(
    'section',
    { class: 'why', 'aria-label': name },
    element('h4', {}, name),
    element('p', {}, from),
    ...ways
  )
}

function pipelineWay({ pipeline, from, stages }: PipelineTrace, component: string): HTMLElement {
  return element(
    'div',
    {},
    element('h5', {}, `pipeline ${pipeline} `, element('small', {}, `from ${from.join(', ')}`)),
    element('ol', { class: 'way' }, ...stages.map(stage => stageStep(stage, component)))
  )
}

function stageStep({ kind, id, entries, more }: StageTrace, component: string): HTMLElement {
  return element(
    'li',
    { 'aria-current': `${kind}/${id}` === component ? 'step' : undefined },
    element('b', {}, id),
    ...entries.map(entryStep),
    more > 0 && element('p', { class: 'note' }, `and ${count(more)} more series`)
  )
}

function entryStep({ series, fate, why, outputs, places }: EntryTrace): HTMLElement {
  const [first, ...others] = series
  const results = [...outputs.map(nameOf), ...places]
  return element(
    'div',
    {},
    element('span', { class: `badge ${CLASSES[fate]}` }, fate),
    ` ${nameOf(first)}${others.length === 0 ? '' : ` and ${count(others.length)} more`}: ${why}`,
    results.length > 0 && element('ul', {}, ...results.map(text => element('li', {}, text)))
  )
}

const nameOf = ({ name, attributes }: ShownSeries) => seriesName({ __name__: name, ...attributes })
