import type { QueryableStore } from '../promql/queryable.ts'

/** The exporters that can be asked by PromQL, at this moment: a reload may exchange them. */
export interface Stores {
  /** By the exporter's id. Undefined if it does not run, or cannot be asked. */
  find(exporterId: string): QueryableStore | undefined
}

/** Of a host without exporters. */
export const NO_STORES: Stores = { find: () => undefined }

/** Keyword of schemas: the value is the id of an exporter that can be asked. */
export const EXPORTER_NAME = 'x-exporter'
