import type { Expected } from './compare.ts'
import type { Place, Tool } from './peers.ts'

export interface EquivalenceCase {
  readonly name: string
  readonly tool: Tool
  /** The configuration of the tool, of which Weir's is imported. */
  config(place: Place): string
  /** Sends the same to all ports. */
  send(ports: readonly number[]): Promise<void>
  readonly expected: Expected
}
