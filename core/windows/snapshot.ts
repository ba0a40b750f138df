import { restoreBlock, type SavedBlock, saveBlock } from '../model/saved-blocks.ts'
import { openState, sealInSteps } from '../model/saved-state.ts'
import type { Stepwise } from '../model/stepwise.ts'
import type { Context } from '../plugin/context.ts'
import { windowText } from './outputs.ts'
import type { SavedRule } from './rule.ts'
import type { RuleSettings, WindowSettings } from './settings.ts'
import type { State } from './state.ts'
import type { Source } from './watermark.ts'

const VERSION = 6

/** What is on disk: columns for the most part, which are copied as they are. */
interface Saved {
  readonly kinds: readonly RuleKind[]
  readonly watermark: number
  readonly sources: ReadonlyMap<string, Source>
  readonly sweptHour: number | undefined
  readonly rules: readonly SavedRule[]
  readonly outbox: readonly SavedBlock[]
}

/** What rule a state is of. */
interface RuleKind {
  /** The same for rules that are the same in everything. */
  readonly text: string
  /** What the state depends on, in words. */
  readonly shape: readonly string[]
}

export function* saveState(
  { rules, outbox, watermark, sweptHour }: State,
  settings: WindowSettings
): Stepwise<Uint8Array> {
  const savedRules: SavedRule[] = []
  for (const rule of rules) savedRules.push(yield* rule.save())
  const saved: Saved = {
    kinds: settings.rules.map(kindOf),
    watermark: watermark.value,
    sources: watermark.sources,
    sweptHour,
    rules: savedRules,
    outbox: outbox.blocks.map(block => saveBlock(block))
  }
  return yield* sealInSteps(VERSION, saved)
}

/** Into a fresh `state`. Throws where the bytes are damaged, or do not fit this version or configuration. */
export function restoreState(bytes: Uint8Array, state: State, settings: WindowSettings, context: Context): void {
  const saved = openState(VERSION, bytes) as Saved
  const places = placesOf(saved.kinds, settings.rules.map(kindOf))
  for (const [i, rule] of saved.rules.entries()) state.rules[places[i]].restore(rule)
  for (const block of saved.outbox) {
    context.account.produced += block.length
    state.outbox.put(restoreBlock(block, context.series))
  }
  state.watermark.restore(saved.watermark, saved.sources)
  state.sweptHour = saved.sweptHour
}

/**
 * Which of the rules there are `now` has the state of each that was `saved`: the same one wherever it stands, of the others
 * the next. Throws where one has nowhere to go: what it holds must be sent by a rule that knows it.
 */
function placesOf(saved: readonly RuleKind[], now: readonly RuleKind[]): number[] {
  const free = new Set(now.keys())
  const places = saved.map(({ text }) => take(free, i => now[i].text === text))
  for (const [i, { shape }] of saved.entries()) {
    if (places[i] !== undefined) continue
    const place = take(free, () => true)
    if (place === undefined)
      throw new Error(`it is of ${saved.length} rules, configured are ${now.length} now; ${REMEDY}`)
    for (const [j, had] of shape.entries())
      if (had !== now[place].shape[j])
        throw new Error(
          `it holds open windows of ${had} (rule ${i + 1}), where ${now[place].shape[j]} is configured now; ${REMEDY}`
        )
    places[i] = place
  }
  return places as number[]
}

const REMEDY = 'start with what it had and run `weir reload` with the change, which sends what is open'

function take(free: Set<number>, isWanted: (i: number) => boolean): number | undefined {
  const found = [...free].find(isWanted)
  if (found !== undefined) free.delete(found)
  return found
}

function kindOf(rule: RuleSettings): RuleKind {
  return { text: JSON.stringify(rule), shape: shapeOf(rule) }
}

function shapeOf({ windows, aggregations, attribute, limits, buckets }: RuleSettings): readonly string[] {
  return [
    windows.map(windowText).join(', '),
    aggregations === undefined ? 'the usual aggregations' : `aggregations ${aggregations.toSorted().join(', ')}`,
    attribute === undefined ? 'values' : `the attribute ${attribute}`,
    buckets ? `buckets of scale ${limits.scale}` : 'no buckets'
  ]
}
