import type { EventScope } from '../../../core/event-queries/event-store.ts'
import { latestRows, TableOverlaps } from '../promql/overlaps.ts'
import type { StoreConfig } from '../promql/request.ts'
import type { Statements } from '../promql/statements.ts'
import { scopeCondition } from './conditions.ts'

const TABLE = 'event_rows'

/** The table of events, each once. */
export class EventRows {
  readonly #config: StoreConfig
  readonly #overlaps: TableOverlaps

  constructor(config: StoreConfig, statements: Statements) {
    this.#config = config
    this.#overlaps = new TableOverlaps(config, statements)
  }

  /**
   * A query of SQL in parentheses.
   * @param columns expressions of `time`, `name`, `attributes` and `value`
   * @param more a condition beside that of the scope
   */
  async of(scope: EventScope, columns: readonly string[], signal: AbortSignal, more?: string): Promise<string> {
    const overlaps = await this.#overlaps.of(TABLE, signal)
    const range = { after: scope.start, until: scope.end }
    const table = `${this.#config.database}.${TABLE}`
    return `(${latestRows(table, columns.join(', '), scopeCondition(scope, more), overlaps, range)})`
  }
}
