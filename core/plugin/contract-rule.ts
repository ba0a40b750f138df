import type { Plugin } from './contract.ts'

export interface ContractOptions {
  /** The least a user has to write, with ports left to the kernel (`127.0.0.1:0`). */
  readonly config?: Record<string, unknown>
  /** Paths (`auth.token`) of options that have no default because leaving them out means something. */
  readonly optional?: readonly string[]
  /**
   * For an exporter: nobody listens at the address in `config`, so that every export must fail and may be tried again.
   */
  readonly unreachable?: boolean
}

/** A rule that every plugin keeps. `check` rejects if the plugin breaks it. Run it as a test of its own. */
export interface Rule {
  readonly name: string
  /** A sentence for an author whose plugin breaks it. */
  readonly advice: string
  check(): Promise<void>
}

/** Loads the rules, which are part of the SDK: no command but `plugin check` needs them. */
export type LoadContract = () => Promise<{ contractOf(plugin: Plugin, options?: ContractOptions): Rule[] }>
