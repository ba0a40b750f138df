import { withAttributes } from '../model/attributes.ts'
import type { Block } from '../model/block.ts'
import type { Distribution } from '../model/distribution.ts'
import type { EventBlock } from '../model/events.ts'
import { histogramQuantile } from '../model/histogram-quantile.ts'
import { FLAG_NO_RECORDED_VALUE, type PointBlock } from '../model/points.ts'
import type { Where } from './config-test.ts'
import { attributeTexts, type Row } from './table.ts'
import { formatOffset } from './times.ts'

/** An item that an exporter got. */
export interface Item {
  readonly type: Block['type']
  /** Unix ms. */
  readonly time: number
  /** Columns by which it is known, but for the time. */
  readonly cells: Readonly<Record<string, string>>
  readonly figures: Readonly<Record<string, number>>
  readonly distribution: Distribution | undefined
  /** As texts: `plan=pro`. */
  readonly attributes: readonly string[]
}

export function itemsOf(block: Block): Item[] {
  return Array.from({ length: block.length }, (_, i) =>
    block.type === 'points' ? pointOf(block, i) : eventOf(block, i)
  )
}

/**
 * The item as a row.
 * @param start Unix ms of the time 0
 * @param quantiles of distributions, each a figure: `p0.5`
 */
export function rowOf({ time, cells, figures, distribution }: Item, start: number, quantiles: readonly number[]): Row {
  const all = { ...figures }
  for (const quantile of quantiles) {
    const value = distribution && quantileOf(distribution, quantile)
    if (value !== undefined) all[quantileColumn(quantile)] = value
  }
  return { cells: { ...cells, time: formatOffset(time - start) }, figures: all }
}

export function isWithin({ cells, attributes }: Item, where: Where): boolean {
  const hasCells = Object.entries(where.cells).every(([column, cell]) => cells[column] === cell)
  return hasCells && where.attributes.every(attribute => attributes.includes(attribute))
}

export const quantileColumn = (quantile: number) => `p${quantile}`

function pointOf({ series, time, value, flags, distributions }: PointBlock, i: number): Item {
  const { metric, attributes, resource } = series.at(i)
  const distribution = distributions.get(i)
  const texts = attributeTexts(withAttributes(resource.attributes, attributes))
  const isEnded = (flags[i] & FLAG_NO_RECORDED_VALUE) !== 0
  return {
    type: 'points',
    time: time[i],
    cells: { metric: metric.name, attributes: texts.join(' '), kind: metric.kind },
    figures: isEnded ? { ended: 1 } : { value: value[i], ...(distribution && figuresOf(distribution)) },
    distribution,
    attributes: texts
  }
}

function eventOf({ time, name, id, attributes, value }: EventBlock, i: number): Item {
  const texts = attributeTexts(attributes[i])
  return {
    type: 'events',
    time: time[i],
    cells: { name: name[i], attributes: texts.join(' '), id: id[i] ?? '' },
    figures: { value: value[i] },
    distribution: undefined,
    attributes: texts
  }
}

function figuresOf(distribution: Distribution): Record<string, number> {
  switch (distribution.kind) {
    case 'set':
      return { count: distribution.members.length }
    case 'distinct':
      return { count: distribution.count }
    case 'summary':
      return { count: distribution.count, sum: distribution.sum }
    default: {
      const { count, sum, min, max } = distribution
      return { count, sum, min, max }
    }
  }
}

function quantileOf(distribution: Distribution, quantile: number): number | undefined {
  if (distribution.kind === 'summary') return distribution.quantiles.find(known => known.quantile === quantile)?.value
  if (distribution.kind === 'set' || distribution.kind === 'distinct') return undefined
  return histogramQuantile(distribution, quantile)
}
