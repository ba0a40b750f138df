import type { LoadContract } from '../plugin/contract-rule.ts'
import type { Registry } from '../plugin/registry.ts'

/** The parts of the world that a command needs. */
export interface Terminal {
  readonly registry: Registry
  readonly loadContract: LoadContract
  /** Both write a line. */
  out(text: string): void
  error(text: string): void
}
