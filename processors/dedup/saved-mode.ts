import { openState, sealState } from '../../core/model/saved-state.ts'

const VERSION = 2

interface Saved {
  readonly mode: string
  readonly memory: unknown
}

/** Bytes of a snapshot. V8 must be able to serialize the state of `mode`. */
export function sealMode(mode: string, memory: unknown): Uint8Array {
  const saved: Saved = { mode, memory }
  return sealState(VERSION, saved)
}

/** The state that {@link sealMode} was given. Throws if it is that of another mode. */
export function openMode(mode: string, bytes: Uint8Array): unknown {
  const saved = openState(VERSION, bytes) as Saved
  if (saved.mode !== mode)
    throw new Error(`it was saved in mode ${saved.mode}, which is not the mode configured now, ${mode}`)
  return saved.memory
}
