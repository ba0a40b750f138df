import type { OpenStore } from '../../../core/promql/queryable.ts'
import type { StoreConfig } from './request.ts'
import { Statements } from './statements.ts'
import { ClickHouseStore } from './store.ts'

/** Runs in the thread of queries. */
const open: OpenStore<StoreConfig> = (config, fetch) => new ClickHouseStore(config, new Statements(fetch))

export default open
