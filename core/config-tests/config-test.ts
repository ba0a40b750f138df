import type { Position } from '../config/problems.ts'
import type { ResolvedConfig } from '../config/resolved.ts'
import type { BackendState } from './backend-state.ts'
import type { Row } from './table.ts'

/** The tests of one file. */
export interface ConfigTestFile {
  readonly config: ResolvedConfig
  readonly tests: readonly ConfigTest[]
}

export interface ConfigTest {
  readonly position: Position
  readonly name: string
  /** Unix ms. */
  readonly start: number
  readonly steps: readonly Step[]
}

export interface Step {
  readonly position: Position
  /** Unix ms up to which time goes by first. Undefined: none does. */
  readonly at: number | undefined
  readonly action: Action | undefined
}

export type Action = Send | Restart | Reload | Backends | Expect

export interface Send {
  readonly kind: 'send'
  /** In turn. */
  readonly inputs: readonly { readonly receiver: string; readonly input: unknown }[]
  readonly times: number
  /** Part of the text by which the sender is refused. Undefined: it is not. */
  readonly refused: string | undefined
}

export interface Restart {
  readonly kind: 'restart'
  readonly how: 'clean' | 'crash'
}

export interface Reload {
  readonly kind: 'reload'
  readonly config: ResolvedConfig
}

export interface Backends {
  readonly kind: 'backends'
  /** By the id of the exporter. */
  readonly states: Readonly<Record<string, BackendState>>
}

export interface Expect {
  readonly kind: 'expect'
  readonly tables: readonly ExpectedTable[]
}

/** The table that rows are expected in. */
export type Source = ItemSource | { readonly kind: 'drops' | 'dead_letters' }

export interface ItemSource {
  readonly kind: 'points' | 'events'
  readonly exporter: string
  readonly where: Where
}

/** The rows that are looked at: those with all of these cells and attributes. */
export interface Where {
  readonly cells: Readonly<Record<string, string>>
  /** As texts: `plan=pro`. */
  readonly attributes: readonly string[]
}

export interface ExpectedTable {
  readonly position: Position
  readonly source: Source
  readonly rows: readonly ExpectedRow[]
}

/** Compared by its own cells and figures alone. */
export interface ExpectedRow extends Row {
  readonly position: Position
  /** The part by which a figure may differ. */
  readonly tolerance: number
  /** Each has a figure. */
  readonly quantiles: readonly number[]
}
