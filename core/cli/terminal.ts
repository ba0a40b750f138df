import type { Registry } from '../plugin/registry.ts'

/** The parts of the world that a command needs. */
export interface Terminal {
  readonly registry: Registry
  /** Both write a line. */
  out(text: string): void
  error(text: string): void
}
