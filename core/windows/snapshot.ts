import { restoreBlock, type SavedBlock, saveBlock } from '../model/saved-blocks.ts'
import { openState, sealInSteps } from '../model/saved-state.ts'
import type { Stepwise } from '../model/stepwise.ts'
import type { Context } from '../plugin/context.ts'
import { kindsOf, placesOf, type RuleKind } from './reload/state-matching.ts'
import type { SavedRule } from './rule.ts'
import type { WindowSettings } from './settings.ts'
import type { State } from './state.ts'
import type { Source } from './watermark.ts'

const VERSION = 6
const REMEDY = 'start with what it had and run `weir reload` with the change, which sends what is open'

/** What is on disk: columns for the most part, which are copied as they are. */
interface Saved {
  readonly kinds: readonly RuleKind[]
  readonly watermark: number
  readonly sources: ReadonlyMap<string, Source>
  readonly sweptHour: number | undefined
  readonly rules: readonly SavedRule[]
  readonly outbox: readonly SavedBlock[]
}

/** @param isKept whether a rule's state, by the index of the rule, is part of it */
export function* saveState(
  { rules, outbox, watermark, sweptHour }: State,
  settings: WindowSettings,
  isKept: (index: number) => boolean
): Stepwise<Uint8Array> {
  const savedRules: SavedRule[] = []
  for (const [i, rule] of rules.entries()) if (isKept(i)) savedRules.push(yield* rule.save())
  const saved: Saved = {
    kinds: kindsOf(settings.rules).filter(({ index }) => isKept(index)),
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
  const places = placesOf(saved.kinds, kindsOf(settings.rules))
  for (const [i, place] of places.entries())
    if (typeof place !== 'number') throw new Error(`rule ${saved.kinds[i].index + 1} ${place.why}; ${REMEDY}`)
  for (const [i, rule] of saved.rules.entries()) state.rules[places[i] as number].restore(rule)
  for (const block of saved.outbox) {
    context.account.produced += block.length
    state.outbox.put(restoreBlock(block, context.series))
  }
  state.watermark.restore(saved.watermark, saved.sources)
  state.sweptHour = saved.sweptHour
}
