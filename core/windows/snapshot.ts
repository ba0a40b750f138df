import { restoreBlock, type SavedBlock, saveBlock } from '../model/saved-blocks.ts'
import { openState, sealInSteps } from '../model/saved-state.ts'
import type { Stepwise } from '../model/stepwise.ts'
import type { Context } from '../plugin/context.ts'
import { matchStates, type RuleSignature, signaturesOf, sizesOf } from './reload/state-matching.ts'
import type { WindowSettings } from './settings.ts'
import type { State } from './state.ts'
import type { Source } from './watermark.ts'
import type { SavedRule } from './window-rule.ts'

const VERSION = 8
const HOUR_MS = 3_600_000
/** Identities have another form there. */
const OLDEST_VERSION = 6
const REMEDY = 'start with the configuration it had and run `weir reload` with the change, which sends open windows'

/** The content of a snapshot. It is columns for the most part, which are copied as they are. */
interface Saved {
  readonly kinds: readonly RuleSignature[]
  readonly watermark: number
  readonly sources: ReadonlyMap<string, Source>
  /** Unix ms. */
  readonly lastExpiry?: number | undefined
  /** The same in versions before 8, as the number of an hour. */
  readonly sweptHour?: number | undefined
  readonly rules: readonly SavedRule[]
  readonly outbox: readonly SavedBlock[]
}

/** @param isKept true if the state of the rule with that index is part of the snapshot */
export function* saveState(
  { rules, outputBuffer, watermark, lastExpiry }: State,
  settings: WindowSettings,
  isKept: (index: number) => boolean
): Stepwise<Uint8Array> {
  const savedRules: SavedRule[] = []
  for (const [i, rule] of rules.entries()) if (isKept(i)) savedRules.push(yield* rule.save())
  const saved: Saved = {
    kinds: signaturesOf(settings.rules).filter(({ index }) => isKept(index)),
    watermark: watermark.value,
    sources: watermark.sources,
    lastExpiry,
    rules: savedRules,
    outbox: outputBuffer.blocks.map(block => saveBlock(block))
  }
  return yield* sealInSteps(VERSION, saved)
}

/** Restores into a fresh `state`. Throws if the bytes are damaged, or do not fit this version or configuration. */
export function restoreState(bytes: Uint8Array, state: State, settings: WindowSettings, context: Context): void {
  const saved = openState(VERSION, bytes, OLDEST_VERSION) as Saved
  const matches = matchStates(saved.kinds, signaturesOf(settings.rules))
  for (const [i, match] of matches.entries())
    if (typeof match !== 'number') throw new Error(`rule ${saved.kinds[i].index + 1} ${match.why}; ${REMEDY}`)
  for (const [i, rule] of saved.rules.entries())
    state.rules[matches[i] as number].restore(rule, sizesOf(saved.kinds[i]))
  for (const block of saved.outbox) state.outputBuffer.putProduced(restoreBlock(block, context.series))
  state.watermark.restore(saved.watermark, saved.sources)
  state.lastExpiry = saved.lastExpiry ?? (saved.sweptHour === undefined ? undefined : saved.sweptHour * HOUR_MS)
}
