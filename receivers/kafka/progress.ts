import { BadInputError } from '../../sdk/plugin/index.ts'

// A group's committed offset of a partition says from where a restart reads. The text beside it, which Kafka keeps with
// the offset, says with which state: `{"v":1,"state":{"id":…,"first":…,"count":…},"ticks":[[offset,time],…]}`. Kafka
// takes 4,096 bytes of it. A commit is refused if another process has the partition, so there is one writer.
const VERSION = 1
export const MOST_TEXT = 4096

/** The records of the state topic that are one state. */
export interface StatePointer {
  /** 32 hexadecimal digits. */
  readonly id: string
  /** Offset of the first of them. */
  readonly first: string
  readonly count: number
}

/** Time that went by while no records came: before the record at `offset`, processors were shown `time`. */
export type Tick = readonly [offset: number, time: number]

/** How far a partition is processed. */
export interface Progress {
  readonly state: StatePointer | undefined
  readonly ticks: readonly Tick[]
}

export const formatProgress = ({ state, ticks }: Progress) => JSON.stringify({ v: VERSION, state, ticks })

/** Undefined for an offset that was committed by somebody else, such as a tool that moved the group. */
export function parseProgress(text: string | null | undefined): Progress | undefined {
  if (text === null || text === undefined || text === '') return undefined
  let json: { readonly v?: number; readonly state?: StatePointer; readonly ticks?: Tick[] } | null
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  if (json?.v === undefined) return undefined
  if (json.v === VERSION) return { state: json.state, ticks: json.ticks ?? [] }
  throw new BadInputError('the group was run by a newer version of Weir')
}
