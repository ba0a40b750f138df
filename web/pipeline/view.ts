import type { StatusReport } from '../../core/admin/status.ts'
import { statusFeed } from '../app/status.ts'
import type { View } from '../app/view.ts'
import { droppedItems } from '../ledger/rows.ts'
import { element, update } from '../ui/dom.ts'
import { bytes, compact } from '../ui/format.ts'
import { connect, pipelineBox } from './graph.ts'
import { problemItems } from './problems.ts'
import { Rates } from './rates.ts'

/** The pipelines as they run, and what went wrong. */
export const view: View = root => {
  const rates = new Rates()
  const summary = element('dl', { id: 'summary' })
  const pipelines = element('div', { id: 'pipelines' })
  const problems = element('ol', { id: 'problems' })
  root.append(
    summary,
    section('Pipelines', element('p', { class: 'note' }, 'Items a second, over the last 10 seconds.'), pipelines),
    section('Last warnings and errors', problems)
  )
  const resized = new ResizeObserver(() => connect(pipelines))
  resized.observe(pipelines)
  const unsubscribe = statusFeed.subscribe(status => {
    if (status === undefined) return
    rates.take(status.components, status.uptimeSeconds)
    update(summary, summaryTiles(status, rates))
    update(
      pipelines,
      status.pipelines.map((pipeline, i) => pipelineBox(pipeline, i, status, rates))
    )
    connect(pipelines)
    update(problems, problemItems(status.problems))
  })
  return {
    close() {
      unsubscribe()
      resized.disconnect()
    }
  }
}

function section(title: string, ...children: HTMLElement[]): HTMLElement {
  const id = `${title.toLowerCase().replaceAll(' ', '-')}-title`
  return element('section', { 'aria-labelledby': id }, element('h2', { id }, title), ...children)
}

function summaryTiles({ components, credits }: StatusReport, rates: Rates): HTMLElement[] {
  const ofKind = (wanted: string) => components.filter(({ kind }) => kind === wanted)
  const dropped = components.reduce((total, component) => total + droppedItems(component), 0)
  const received = ofKind('receiver').reduce((total, component) => total + rates.of(component).in, 0)
  const exported = ofKind('exporter').reduce((total, component) => total + rates.of(component).out, 0)
  return [
    tile('Received', `${compact(received)}/s`),
    tile('Exported', `${compact(exported)}/s`),
    tile('Dropped', compact(dropped), dropped > 0 ? 'warn' : undefined),
    memoryTile('In flight,', credits.inFlight),
    memoryTile('Output,', credits.output)
  ]
}

function tile(label: string, value: string, className?: string): HTMLElement {
  return element('div', { class: className }, element('dt', {}, label), element('dd', {}, value))
}

function memoryTile(label: string, { usedBytes, capacityBytes }: StatusReport['credits']['output']): HTMLElement {
  return tile(`${label} of ${bytes(capacityBytes)}`, bytes(usedBytes))
}
