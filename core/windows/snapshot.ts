import { restoreBlock, type SavedBlock, saveBlock } from '../model/saved-blocks.ts'
import { openState, sealState } from '../model/saved-state.ts'
import type { Context } from '../plugin/context.ts'
import { windowText } from './outputs.ts'
import type { SavedRule } from './rule.ts'
import type { RuleSettings, WindowSettings } from './settings.ts'
import type { State } from './state.ts'
import type { Source } from './watermark.ts'

const VERSION = 4

/** What is on disk: columns for the most part, which V8 copies as they are. */
interface Saved {
  /** What the state of each rule depends on, in words. */
  readonly shapes: readonly (readonly string[])[]
  readonly watermark: number
  readonly sources: ReadonlyMap<string, Source>
  readonly rules: readonly SavedRule[]
  readonly outbox: readonly SavedBlock[]
}
export function saveState({ rules, outbox, watermark }: State, settings: WindowSettings): Uint8Array {
  const saved: Saved = {
    shapes: settings.rules.map(shapeOf),
    watermark: watermark.value,
    sources: watermark.sources,
    rules: rules.map(rule => rule.save()),
    outbox: outbox.blocks.map(block => saveBlock(block))
  }
  return sealState(VERSION, saved)
}

/** Into a fresh `state`. Throws where the bytes are damaged, or do not fit this version or configuration. */
export function restoreState(bytes: Uint8Array, state: State, settings: WindowSettings, context: Context): void {
  const saved = openState(VERSION, bytes) as Saved
  checkShapes(saved.shapes, settings.rules.map(shapeOf))
  for (const [i, rule] of saved.rules.entries()) state.rules[i].restore(rule)
  for (const block of saved.outbox) {
    context.account.produced += block.length
    state.outbox.put(restoreBlock(block, context.series))
  }
  state.watermark.restore(saved.watermark, saved.sources)
}

function checkShapes(saved: readonly (readonly string[])[], now: readonly (readonly string[])[]): void {
  if (saved.length !== now.length)
    throw new Error(`it is of ${saved.length} rules, configured are ${now.length} now; start once with those it was of`)
  for (const [i, shape] of saved.entries())
    for (const [j, had] of shape.entries())
      if (had !== now[i][j])
        throw new Error(
          `it holds open windows of ${had} (rule ${i + 1}), where ${now[i][j]} is configured now; start once with what it had`
        )
}

function shapeOf({ windows, aggregations, attribute, limits, buckets }: RuleSettings): readonly string[] {
  return [
    windows.map(windowText).join(', '),
    aggregations === undefined ? 'the usual aggregations' : `aggregations ${aggregations.toSorted().join(', ')}`,
    attribute === undefined ? 'values' : `the attribute ${attribute}`,
    buckets ? `buckets of scale ${limits.scale}` : 'no buckets'
  ]
}
