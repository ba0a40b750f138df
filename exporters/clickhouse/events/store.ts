import type {
  CatalogRequest,
  Cohort,
  EventAttribute,
  EventGroup,
  EventName,
  EventStore,
  FunnelGroup,
  FunnelRequest,
  GroupsRequest,
  LatestEvent,
  RetentionRequest
} from '../../../core/event-queries/event-store.ts'
import type { StoreConfig } from '../promql/request.ts'
import type { Statements } from '../promql/statements.ts'
import { storedFunnel } from './funnel.ts'
import { storedGroups } from './groups.ts'
import { storedLatest } from './latest.ts'
import { storedRetention } from './retention.ts'
import { EventRows } from './rows.ts'

/** The table `event_rows` of the compact schema. */
export class ClickHouseEvents implements EventStore {
  readonly #statements: Statements
  readonly #rows: EventRows

  constructor(config: StoreConfig, statements: Statements) {
    this.#statements = statements
    this.#rows = new EventRows(config, statements)
  }

  groups(request: GroupsRequest, signal: AbortSignal): Promise<EventGroup[]> {
    return storedGroups(this.#statements, this.#rows, request, signal)
  }

  funnel(request: FunnelRequest, signal: AbortSignal): Promise<FunnelGroup[]> {
    return storedFunnel(this.#statements, this.#rows, request, signal)
  }

  retention(request: RetentionRequest, signal: AbortSignal): Promise<Cohort[]> {
    return storedRetention(this.#statements, this.#rows, request, signal)
  }

  async names(request: CatalogRequest, signal: AbortSignal): Promise<EventName[]> {
    const millis = (time: string) => `toFloat64(toUnixTimestamp64Micro(${time})) / 1000`
    const from = await this.#rows.of(request, ['name', 'time'], signal)
    const blocks = await this.#statements.ask(
      `SELECT CAST(name, 'String') AS event_name, toFloat64(count()) AS events,
         ${millis('min(time)')} AS first, ${millis('max(time)')} AS last
       FROM ${from} GROUP BY name ORDER BY events DESC, event_name LIMIT ${request.limit}`,
      signal
    )
    return blocks.flatMap(block => {
      const [events, first, last] = ['events', 'first', 'last'].map(name => block.numbers(name))
      return block
        .texts('event_name')
        .map((name, row) => ({ name, events: events[row], firstMs: first[row], lastMs: last[row] }))
    })
  }

  async attributes(request: CatalogRequest, signal: AbortSignal): Promise<EventAttribute[]> {
    const from = await this.#rows.of(request, ['mapKeys(attributes) AS keys'], signal)
    const blocks = await this.#statements.ask(
      `SELECT CAST(key, 'String') AS attribute, toFloat64(count()) AS events FROM ${from} ARRAY JOIN keys AS key
       GROUP BY key ORDER BY events DESC, attribute LIMIT ${request.limit}`,
      signal
    )
    return blocks.flatMap(block => {
      const events = block.numbers('events')
      return block.texts('attribute').map((name, row) => ({ name, events: events[row] }))
    })
  }

  latest(request: CatalogRequest, signal: AbortSignal): Promise<LatestEvent[]> {
    return storedLatest(this.#statements, this.#rows, request, signal)
  }
}
