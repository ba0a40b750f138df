import { type Attributes, attributeText, findAttribute } from '../../model/attributes.ts'
import type { Block } from '../../model/block.ts'
import type { NamedSeries } from '../../model/named-series.ts'
import type { Topology } from '../../pipeline/graph/topology.ts'
import { type Clock, sleep } from '../../telemetry/clock.ts'

/** Items of one series that a receiver got while somebody looked. */
export interface Sighting {
  readonly receiver: string
  readonly items: number
}

/** Watches all receivers for `ms`. Returns the items of each of `series`, by id. */
export async function sightings(
  ids: Iterable<number>,
  ms: number,
  { receivers }: Topology,
  clock: Clock
): Promise<Map<number, Sighting[]>> {
  const wanted = new Set(ids)
  return watch(wanted, ms, receivers, clock, block => {
    if (block.type !== 'points') return []
    return block.series.ids.filter(id => wanted.has(id))
  })
}

/** The same for events of one name and these attributes, and more. They are at 0. */
export async function eventSightings(
  { name, attributes: wanted }: NamedSeries,
  ms: number,
  { receivers }: Topology,
  clock: Clock
): Promise<Map<number, Sighting[]>> {
  return watch(new Set([0]), ms, receivers, clock, block => {
    if (block.type !== 'events') return []
    const { attributes } = block
    return block.name.flatMap((own, i) => (own === name && hasAll(attributes[i], wanted) ? [0] : []))
  })
}

function hasAll(attributes: Attributes, wanted: Attributes): boolean {
  return wanted.every(([key, value]) => attributeText(findAttribute(attributes, key) ?? null) === value)
}

async function watch(
  wanted: ReadonlySet<number>,
  ms: number,
  receivers: Topology['receivers'],
  clock: Clock,
  seenIn: (block: Block) => Iterable<number>
): Promise<Map<number, Sighting[]>> {
  const counted = receivers.map(({ component }) => {
    const counts = new Map<number, number>()
    const passed = (block: Block) => {
      for (const id of seenIn(block)) counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    return { receiver: component.id, counts, leave: component.edges.sent.watch({ passed, ended: () => {} }) }
  })
  await sleep(clock, ms)
  for (const { leave } of counted) leave()
  const sightingsOf = (id: number) =>
    counted.flatMap(({ receiver, counts }) => {
      const items = counts.get(id)
      return items === undefined ? [] : [{ receiver, items }]
    })
  return new Map(Array.from(wanted, id => [id, sightingsOf(id)]))
}
