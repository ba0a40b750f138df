import {
  type Attributes,
  FLAG_NO_RECORDED_VALUE,
  type Metric,
  type NamedSeries,
  type PointBlock
} from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { escapeName, tagsOf } from './names.ts'
import { observationsOf, type Unsayable } from './observations.ts'
import { rateFor } from './rate.ts'

/** Why a point cannot be sent; the ledger's reasons. */
export type Reason = Unsayable | 'cumulative' | 'no_recorded_value' | 'missing_name' | 'sketch' | 'reserved_member'

/** A member with one of these would end its value. */
const RESERVED_IN_MEMBER = /[|\n\r]/

/** Points as StatsD lines. Lines of a point that are only right together are one text, with newlines in between. */
export class LineWriter {
  readonly #histogramType: Config['histogram_type']
  readonly #hasTimestamps: boolean
  /** By id of the series, in one block. */
  readonly #heads = new Map<number, { readonly name: string; readonly tags: string }>()

  constructor({ histogram_type, timestamps }: Config) {
    this.#histogramType = histogram_type
    this.#hasTimestamps = timestamps
  }

  /** The lines of point `i`, or the reason why there are none. */
  write(block: PointBlock, i: number): string[] | Reason {
    const { series, flags, value } = block
    const { metric } = series.at(i)
    if ((flags[i] & FLAG_NO_RECORDED_VALUE) !== 0) return 'no_recorded_value'
    const refusal = refusalOf(metric)
    if (refusal !== undefined) return refusal
    const { name, tags } = this.#headOf(block, i)
    const end = this.#hasTimestamps ? `${tags}|T${block.time[i] / 1000}` : tags
    const distribution = block.distributions.get(i)
    if (distribution?.kind === 'distinct') return 'sketch'
    if (distribution?.kind === 'set') return memberLines(name, end, distribution.members)
    if (distribution !== undefined) {
      const observations = observationsOf(distribution)
      if (typeof observations === 'string') return observations
      const type = metric.unit === 'ms' ? 'ms' : this.#histogramType
      return observations.flatMap(({ value, count }) => observationLines(`${name}:${value}|${type}`, end, count))
    }
    if (!Number.isFinite(value[i])) return 'not_a_number'
    return isLevel(metric) ? [levelLines(name, end, value[i])] : [`${name}:${value[i]}|c${end}`]
  }

  /** The next block may have other series by the same ids. */
  endBlock(): void {
    this.#heads.clear()
  }

  #headOf({ series }: PointBlock, i: number) {
    const id = series.ids[i]
    const known = this.#heads.get(id)
    if (known !== undefined) return known
    const { metric, attributes, resource } = series.at(i)
    const head = headOf(metric.name, attributes, resource.attributes)
    this.#heads.set(id, head)
    return head
  }
}

/** Why no point of a series can be sent. */
export function refusalOf({
  name,
  kind,
  temporality
}: Pick<NamedSeries, 'name' | 'kind' | 'temporality'>): Reason | undefined {
  if (name === '') return 'missing_name'
  if (kind !== 'up_down_counter' && temporality === 'cumulative') return 'cumulative'
  return kind === 'summary' ? 'summary' : undefined
}

/** The parts of a line that all points of a series have: what is before the value, and after it. */
export function headOf(name: string, attributes: Attributes, resource: Attributes) {
  return { name: escapeName(name), tags: tagsOf(attributes, resource) }
}

/** A cumulative up-down counter is where it stands now. */
const isLevel = ({ kind, temporality }: Metric) =>
  kind === 'gauge' || (kind === 'up_down_counter' && temporality === 'cumulative')

/** A sign would move a gauge instead of setting it. */
function levelLines(name: string, end: string, value: number): string {
  const line = `${name}:${value}|g${end}`
  return value < 0 ? `${name}:0|g${end}\n${line}` : line
}

function memberLines(name: string, end: string, members: readonly string[]): string[] | Reason {
  if (members.some(member => member === '' || RESERVED_IN_MEMBER.test(member))) return 'reserved_member'
  return members.map(member => `${name}:${member}|s${end}`)
}

/** @param line up to its type @param end the sections after the rate */
function observationLines(line: string, end: string, count: number): string[] {
  if (count === 1) return [line + end]
  const rate = rateFor(count)
  if (rate !== undefined) return [`${line}|@${rate}${end}`]
  return [line + end, ...observationLines(line, end, count - 1)]
}
