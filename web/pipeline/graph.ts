import type { ComponentReport } from '../../core/admin/component-report.ts'
import type { Rates } from '../../core/admin/rates.ts'
import type { StatusReport } from '../../core/admin/status.ts'
import { element, svg, update } from '../ui/dom.ts'
import { componentNode, pipelineNode } from './node.ts'
import { isSelected, type Selection } from './selection.ts'

const PIPELINE_PREFIX = 'pipeline/'
/** A label's distance from its line. */
const LABEL_ABOVE_PX = 5

type Pipeline = StatusReport['pipelines'][number]

/** A pipeline as stages of nodes. `connect` draws the lines, once it is in its place. */
export function pipelineBox(
  { name, receivers, processors, exporters }: Pipeline,
  index: number,
  status: StatusReport,
  rates: Rates,
  selection: Selection | undefined
): HTMLElement {
  const node = (kind: string, id: string) => {
    const found = find(status, kind, id, name)
    if (found === undefined) return pipelineNode(id, outOf(id, status, rates))
    return componentNode(found, rates.of(found), isSelected(found, selection))
  }
  const stage = (kind: string, ids: readonly string[]) =>
    element('ul', { class: 'stage', role: 'list', 'aria-label': `${kind}s` }, ...ids.map(id => node(kind, id)))
  const stages = [
    stage('receiver', receivers),
    ...processors.map(id => stage('processor', [id])),
    stage('exporter', exporters)
  ]
  const title = `pipeline-${index}`
  return element(
    'section',
    { class: 'pipeline', 'aria-labelledby': title },
    element('h3', { id: title }, name),
    element(
      'div',
      { class: 'stages' },
      svg('svg', { 'aria-hidden': 'true', 'data-own': '' }),
      ...stages.filter(list => list.childElementCount > 0)
    )
  )
}

/** Draws the lines of every pipeline under `root`: everything of a stage goes to every node of the next. */
export function connect(root: Element): void {
  for (const box of root.querySelectorAll('.stages')) {
    const isStacked = getComputedStyle(box).flexDirection === 'column'
    const origin = box.getBoundingClientRect()
    const stages = [...box.querySelectorAll('.stage')].map(stage => (isStacked ? [stage] : [...stage.children]))
    const paths = stages.slice(1).flatMap((to, i) => stages[i].flatMap(from => to.map(next => [from, next] as const)))
    update(box.firstElementChild!, [
      ...paths.map(([from, to]) =>
        svg('path', { d: curve(from, to, origin, isStacked), class: isFlowing(from) ? 'busy' : 'idle' })
      ),
      ...(isStacked ? [] : paths.map(([from, to]) => rateLabel(from, to, origin)))
    ])
  }
}

/** Of a processor, the one in `pipeline`; undefined for what is a pipeline itself. */
function find({ components }: StatusReport, kind: string, id: string, pipeline?: string): ComponentReport | undefined {
  return components.find(
    other => other.kind === kind && other.id === id && (kind !== 'processor' || other.pipeline === pipeline)
  )
}

/** What a receiver, or a pipeline that serves as one, puts out a second. */
function outOf(id: string, status: StatusReport, rates: Rates): number {
  const receiver = find(status, 'receiver', id)
  if (receiver !== undefined) return rates.of(receiver).out
  const { name, receivers, processors } = status.pipelines.find(pipeline => PIPELINE_PREFIX + pipeline.name === id)!
  const last = processors.length === 0 ? undefined : find(status, 'processor', processors.at(-1)!, name)
  if (last !== undefined) return rates.of(last).out
  return receivers.reduce((sum, source) => sum + outOf(source, status, rates), 0)
}

const isFlowing = (from: Element) => from.matches('[data-flowing]') || from.querySelector('[data-flowing]') !== null

/** The rate of an edge, in its middle. */
function rateLabel(from: Element, to: Element, origin: DOMRect): SVGElement {
  const a = from.getBoundingClientRect()
  const b = to.getBoundingClientRect()
  const x = (a.right + b.left) / 2 - origin.left
  const y = (a.top + a.bottom + b.top + b.bottom) / 4 - origin.top
  return svg('text', { x, y: y - LABEL_ABOVE_PX, 'text-anchor': 'middle' }, (from as HTMLElement).dataset.rate ?? '')
}

function curve(from: Element, to: Element, origin: DOMRect, isStacked: boolean): string {
  const a = from.getBoundingClientRect()
  const b = to.getBoundingClientRect()
  if (isStacked) {
    const x = (a.left + a.right) / 2 - origin.left
    return `M ${x} ${a.bottom - origin.top} V ${b.top - origin.top}`
  }
  const [x1, y1] = [a.right - origin.left, (a.top + a.bottom) / 2 - origin.top]
  const [x2, y2] = [b.left - origin.left, (b.top + b.bottom) / 2 - origin.top]
  const bend = (x1 + x2) / 2
  return `M ${x1} ${y1} C ${bend} ${y1}, ${bend} ${y2}, ${x2} ${y2}`
}
