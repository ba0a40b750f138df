import { openState, sealState } from '../../core/model/saved-state.ts'

const VERSION = 2

interface Saved {
  readonly mode: string
  readonly memory: unknown
}

/** Bytes of a snapshot: what `mode` remembers, as V8 can serialize it. */
export function sealMode(mode: string, memory: unknown): Uint8Array {
  const saved: Saved = { mode, memory }
  return sealState(VERSION, saved)
}

/** What {@link sealMode} was given. Throws where it was another mode, for that remembers other things. */
export function openMode(mode: string, bytes: Uint8Array): unknown {
  const saved = openState(VERSION, bytes) as Saved
  if (saved.mode !== mode)
    throw new Error(`it was saved in mode ${saved.mode}, which is not the mode configured now, ${mode}`)
  return saved.memory
}
