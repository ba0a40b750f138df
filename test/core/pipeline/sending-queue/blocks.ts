import type { Block } from '../../../../core/model/block.ts'
import { EventBlockBuilder } from '../../../../core/model/event-builder.ts'
import type { EventBlock } from '../../../../core/model/events.ts'
import { type PointBlock, PointBlockBuilder } from '../../../../core/model/points.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { TENANT } from '../../../../core/model/tenant.ts'

const METRIC = { name: 'm', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const registry = new SeriesTable()

/** Points of one series with these values. */
export function pointsOf(...values: readonly number[]): PointBlock {
  const builder = new PointBlockBuilder(values.length)
  for (const value of values) builder.add(registry.intern(METRIC, []), 0, value)
  return builder.build()
}

/** Points 0, 1, 2 … */
export function numbered(length: number): PointBlock {
  return pointsOf(...Array.from({ length }, (_, i) => i))
}

export function valuesOf(block: Block): number[] {
  return [...block.value]
}

/** Events with these values, named `e`, a millisecond apart. */
export function eventsOf(...values: readonly number[]): EventBlock {
  const builder = new EventBlockBuilder()
  for (const [i, value] of values.entries()) builder.add(i, 'e', [], undefined, value)
  return builder.build()
}

/** Events of tenants: `[tenant, value]`. */
export function ofTenants(...items: readonly (readonly [tenant: string, value: number])[]): EventBlock {
  const builder = new EventBlockBuilder()
  for (const [tenant, value] of items) builder.add(0, 'e', [[TENANT, tenant]], undefined, value)
  return builder.build()
}
