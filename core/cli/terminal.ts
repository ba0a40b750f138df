import type { Registry } from '../plugin/registry.ts'

/** What a command needs of the world. */
export interface Terminal {
  readonly registry: Registry
  /** Both write a line. */
  out(text: string): void
  error(text: string): void
}
