import { restoreDistincts, type SavedDistincts, saveDistincts } from '../../model/saved-sketches.ts'
import { DistinctCounter } from '../../model/sketch/distinct-counter.ts'
import { addDistinct, distinctSketch } from '../../model/sketch/distinct-sketch.ts'
import { hyperLogLogBytes } from '../../model/sketch/hyperloglog.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import type { Observation } from '../input/observation.ts'
import type { AccumulatorType } from './accumulator.ts'
import type { Aggregation } from './aggregation.ts'
import { SketchColumn } from './sketch-column.ts'

const MOST_BYTES = hyperLogLogBytes(14)

/** The distinct members of each group's sets. */
class DistinctMembers extends SketchColumn<DistinctCounter> {
  add(row: number, { members, member }: Observation): void {
    if (members !== undefined) addDistinct(this.made(row), members)
    else if (member !== undefined) this.made(row).add(member)
  }

  *save(slots: Int32Array, rows: Int32Array): Stepwise<SavedDistincts> {
    return yield* saveDistincts(this.entries(slots, rows))
  }

  restore(saved: SavedDistincts, slots: Int32Array, rows: Int32Array): void {
    this.put(restoreDistincts(saved), slots, rows)
  }

  protected empty(): DistinctCounter {
    return new DistinctCounter()
  }
}

const DISTINCT_MEMBERS: AccumulatorType<DistinctMembers> = {
  key: 'distinct',
  create: capacity => new DistinctMembers(capacity),
  bytesPerGroup: () => MOST_BYTES
}

/**
 * The number of distinct values, as the sketch itself: sketches of several windows can be merged, their numbers cannot.
 */
export const unique: Aggregation<'unique'> = {
  name: 'unique',
  needsNumbers: false,
  takes: (kind, { attribute }) => kind === 'set' || attribute !== undefined,
  accumulators: () => [DISTINCT_MEMBERS],
  outputs: () => [{ shape: () => ({ kind: 'set', unit: '' }) }],
  // A sketch that a window has sent has it already.
  usualSuffix: (_kind, name) => (name.endsWith('.unique') ? '' : '.unique'),
  emit: (pane, row, sink) => {
    const counter = pane.accumulator(DISTINCT_MEMBERS)?.at(row)
    if (counter !== undefined) sink.distribution(0, distinctSketch(counter))
  }
}
