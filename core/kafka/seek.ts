import { Admin } from '@platformatic/kafka'
import { WeirError } from '../errors.ts'
import { clientOptions, type KafkaConnection } from './connection.ts'
import { partitionsOf } from './topics.ts'

const EARLIEST = -2n
const LATEST = -1n
/** Of a group whose members are all gone. */
const NOT_RUNNING = new Set(['EMPTY', 'DEAD'])

/** `earliest`, `latest`, a time, or an offset of all partitions. */
export type SeekTarget =
  | { readonly kind: 'earliest' | 'latest' }
  | { readonly kind: 'time'; readonly time: number }
  | { readonly kind: 'offset'; readonly offset: number }

/** The move of one partition, from where its group has come; undefined: it has read nothing. */
export interface Move {
  readonly partition: number
  readonly from: number | undefined
  readonly to: number
}

/** A text such as `earliest`, `2026-11-01T00:00:00Z` or `1200`. Undefined if it is none. */
export function parseTarget(text: string): SeekTarget | undefined {
  if (text === 'earliest' || text === 'latest') return { kind: text }
  if (/^\d+$/.test(text)) return { kind: 'offset', offset: Number(text) }
  const time = /^\d{4}-\d\d-\d\dT.+(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? undefined : { kind: 'time', time }
}

/**
 * Moves a consumer group that does not run. Its next member begins there without state.
 *
 * @param isApplied false: only tells what would be done. Throws `COMPONENT_FAILED`
 */
export async function seek(
  connection: KafkaConnection,
  { topic, group }: { readonly topic: string; readonly group: string },
  target: SeekTarget,
  isApplied: boolean
): Promise<Move[]> {
  const admin = new Admin(clientOptions(connection))
  try {
    await assertNotRunning(admin, group)
    const count = await partitionsOf(admin, topic)
    if (count === undefined) throw new WeirError('COMPONENT_FAILED', `there is no topic ${topic}`)
    const partitions = Array.from({ length: count }, (_, i) => i)
    const wanted = await offsetsOf(admin, topic, partitions, target)
    const known = await committedOf(admin, topic, group, partitions)
    const moves = partitions.map(partition => ({
      partition,
      from: known.get(partition),
      to: wanted.get(partition)!
    }))
    if (isApplied) {
      const partitionOffsets = moves.map(({ partition, to }) => ({ partition, offset: BigInt(to) }))
      await admin.alterConsumerGroupOffsets({ groupId: group, topics: [{ name: topic, partitionOffsets }] })
    }
    return moves
  } finally {
    await admin.close()
  }
}

async function assertNotRunning(admin: Admin, group: string): Promise<void> {
  const groups = await admin.listGroups()
  const found = groups.get(group)
  if (found === undefined || NOT_RUNNING.has(found.state.toUpperCase())) return
  throw new WeirError(
    'COMPONENT_FAILED',
    `group ${group} runs (${found.state.toLowerCase()}): stop all its processes first. One that was killed counts as running until its session has timed out`
  )
}

async function offsetsOf(
  admin: Admin,
  topic: string,
  partitions: readonly number[],
  target: SeekTarget
): Promise<Map<number, number>> {
  const ask = async (timestamp: bigint) => {
    const wanted = partitions.map(partitionIndex => ({ partitionIndex, timestamp }))
    const [found] = await admin.listOffsets({ topics: [{ name: topic, partitions: wanted }] })
    return new Map(found.partitions.map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)]))
  }
  if (target.kind === 'earliest') return ask(EARLIEST)
  const ends = await ask(LATEST)
  if (target.kind === 'latest') return ends
  const begins = await ask(EARLIEST)
  const asked = target.kind === 'time' ? await ask(BigInt(target.time)) : undefined
  return new Map(
    partitions.map(partition => {
      const end = ends.get(partition)!
      // Brokers answer -1 if there is no record since then.
      const at = asked === undefined ? (target as { offset: number }).offset : asked.get(partition)!
      return [partition, at < 0 ? end : Math.min(Math.max(at, begins.get(partition)!), end)]
    })
  )
}

async function committedOf(
  admin: Admin,
  topic: string,
  group: string,
  partitions: readonly number[]
): Promise<Map<number, number>> {
  const [found] = await admin.listConsumerGroupOffsets({
    groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes: [...partitions] }] }]
  })
  const own = found?.topics[0]?.partitions ?? []
  return new Map(
    own.flatMap(({ partitionIndex, committedOffset }) =>
      committedOffset < 0n ? [] : [[partitionIndex, Number(committedOffset)] as const]
    )
  )
}
