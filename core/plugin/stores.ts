import type { QueryableStore } from '../promql/queryable.ts'

/** The exporters that can be asked by PromQL, at this moment: a reload may exchange them. And the rules on them. */
export interface Stores {
  /** By the exporter's id. Undefined if it does not run, or cannot be asked. */
  find(exporterId: string): QueryableStore | undefined
  /** Shows groups of rules to those who ask for {@link rules}. Returns a function that ends it. */
  addRules(read: () => readonly GroupStatus[]): () => void
  /** All groups of rules, as they are now. */
  rules(): GroupStatus[]
  /** Notes the metrics and labels that a query or a rule asks for. */
  noteUses(uses: readonly SeriesUse[], by: 'query' | 'rule'): void
}

/** Labels of a metric that the answer to a question depends on. Names are Prometheus's. */
export interface SeriesUse {
  /** Undefined: any. */
  readonly metric: string | undefined
  /** Labels by name. */
  readonly labels: readonly string[]
  /** Set if it depends on all other labels too: but for these. */
  readonly allExcept?: readonly string[]
}

/** A group of rules as `/api/v1/rules` shows it: https://prometheus.io/docs/prometheus/latest/querying/api/#rules */
export interface GroupStatus {
  readonly name: string
  readonly file: string
  /** s */
  readonly interval: number
  readonly limit: number
  readonly rules: readonly RuleStatus[]
  /** s */
  readonly evaluationTime: number
  readonly lastEvaluation: string
}

export interface RuleStatus {
  readonly type: 'recording' | 'alerting'
  readonly name: string
  readonly query: string
  readonly labels: Readonly<Record<string, string>>
  readonly health: string
  readonly lastError?: string
  /** s */
  readonly evaluationTime: number
  readonly lastEvaluation: string
  /** Of an alerting rule, as are all below. */
  readonly state?: string
  /** s, as is the next. */
  readonly duration?: number
  readonly keepFiringFor?: number
  readonly annotations?: Readonly<Record<string, string>>
  readonly alerts?: readonly AlertStatus[]
}

export interface AlertStatus {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly state: string
  readonly activeAt: string
  readonly value: string
}

/** Stores by exporter, and rules, of one process. */
export class StoreRegistry implements Stores {
  readonly #stores = new Map<string, QueryableStore>()
  readonly #rules = new Set<() => readonly GroupStatus[]>()
  /** Set by the process. */
  onUses: Stores['noteUses'] = () => {}

  find(exporterId: string): QueryableStore | undefined {
    return this.#stores.get(exporterId)
  }

  /** Returns a function that removes it, unless another one has taken its place. */
  add(exporterId: string, store: QueryableStore): () => void {
    this.#stores.set(exporterId, store)
    return () => {
      if (this.#stores.get(exporterId) === store) this.#stores.delete(exporterId)
    }
  }

  addRules(read: () => readonly GroupStatus[]): () => void {
    this.#rules.add(read)
    return () => this.#rules.delete(read)
  }

  rules(): GroupStatus[] {
    return [...this.#rules].flatMap(read => read())
  }

  noteUses(uses: readonly SeriesUse[], by: 'query' | 'rule'): void {
    this.onUses(uses, by)
  }
}

/** Keyword of schemas: the value is the id of an exporter that can be asked. */
export const EXPORTER_NAME = 'x-exporter'
