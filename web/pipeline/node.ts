import type { ComponentReport } from '../../core/admin/component-report.ts'
import type { Rate } from '../../core/admin/rates.ts'
import { element } from '../ui/dom.ts'
import { bytes, compact, count, quantity } from '../ui/format.ts'

const FULL = 0.8

/** A component of a pipeline, with its figures. Its name is a button that opens its details. */
export function componentNode(component: ComponentReport, rate: Rate, isOpen: boolean): HTMLElement {
  const { kind, id, pipeline, state, reason, queue } = component
  const open = element(
    'button',
    {
      type: 'button',
      class: 'open',
      'data-component': `${kind}/${id}`,
      'data-in': pipeline,
      'aria-expanded': String(isOpen)
    },
    id
  )
  return element(
    'li',
    { class: `node ${state}`, 'data-flowing': rate.out > 0, 'data-rate': rateText(rate.out) },
    element('h4', {}, open, state === 'ok' ? undefined : element('span', { class: `badge ${state}` }, state)),
    element('small', {}, kind),
    element('dl', {}, ...figure('in', rate.in), ...figure('out', rate.out)),
    queue && element('p', {}, queueText(queue)),
    queue && queueMeter(id, queue),
    ...factsOf(component).map(text => element('p', {}, text)),
    ...Object.entries(component.account.dropped).map(([reason, items]) =>
      element('p', { class: 'dropped' }, `dropped ${count(items)} ${reason}`)
    ),
    state !== 'ok' && reason ? element('p', { class: 'reason' }, reason) : undefined
  )
}

/** A pipeline that is the source of another one. */
export function pipelineNode(id: string, itemsPerSecond: number): HTMLElement {
  return element(
    'li',
    { class: 'node ok', 'data-flowing': itemsPerSecond > 0, 'data-rate': rateText(itemsPerSecond) },
    element('h4', {}, id),
    element('small', {}, 'pipeline'),
    element('dl', {}, ...figure('out', itemsPerSecond))
  )
}

/** Disk, freshness and memory, in words. */
export function factsOf(component: ComponentReport): string[] {
  const { kind, queue, diskBuffer, newestItemSeconds, watermarkLagSeconds, memory } = component
  return [
    queue && waitText(queue),
    diskBuffer && `on disk ${bytes(diskBuffer.usedBytes)} of ${bytes(diskBuffer.capacityBytes)}`,
    newestItemSeconds === undefined
      ? undefined
      : `newest ${kind === 'exporter' ? 'stored' : 'item'} ${ageText(newestItemSeconds)} old`,
    watermarkLagSeconds === undefined ? undefined : `counted up to ${ageText(watermarkLagSeconds)} ago`,
    memory && memoryText(memory)
  ].filter(text => text !== undefined && text !== '') as string[]
}

export function queueText({ usedBytes, capacityBytes }: NonNullable<ComponentReport['queue']>): string {
  return `queue ${bytes(usedBytes)} of ${bytes(capacityBytes)}`
}

/** A line of its own, so that its length moves nothing. */
function waitText({ items, oldestSeconds }: NonNullable<ComponentReport['queue']>): string {
  return oldestSeconds === undefined
    ? 'no items wait'
    : `${plural(items, 'items')} wait, oldest ${ageText(oldestSeconds)}`
}

const rateText = (itemsPerSecond: number) => `${compact(itemsPerSecond)}/s`

function memoryText({ entries, bytes: size }: NonNullable<ComponentReport['memory']>): string {
  const parts = Object.entries(entries)
    .filter(([, value], i) => value > 0 || i === 0)
    .map(([name, value]) => plural(value, name.replaceAll('_', ' ')))
  return [...parts, ...(size === undefined ? [] : [bytes(size)])].join(', ')
}

/** `1 group`, `2 groups`, `1 series` */
function plural(value: number, names: string): string {
  return `${count(value)} ${value === 1 && names !== 'series' ? names.replace(/s$/, '') : names}`
}

/** Clocks of senders may be a little ahead. */
const ageText = (seconds: number) => quantity(Math.max(0, Math.round(seconds * 10) / 10), 'seconds')

function figure(name: string, itemsPerSecond: number): HTMLElement[] {
  return [element('dt', {}, name), element('dd', {}, rateText(itemsPerSecond))]
}

function queueMeter(id: string, { usedBytes, capacityBytes }: NonNullable<ComponentReport['queue']>): HTMLElement {
  return element('meter', {
    'aria-label': `queue of ${id}`,
    max: capacityBytes,
    high: capacityBytes * FULL,
    optimum: 0,
    value: usedBytes
  })
}
