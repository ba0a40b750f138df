import type { ResolvedConfig } from '../config/resolved.ts'
import { WeirError } from '../errors.ts'
import { ServiceAccess } from '../http/access/service-access.ts'
import type { MemoryDisk } from '../journal/memory-disk.ts'
import { SeriesTable } from '../model/series-table/series-table.ts'
import { Reloader } from '../pipeline/reload/reloader.ts'
import { type BaseServices, type BuiltService, buildService } from '../pipeline/service/build.ts'
import { Runner } from '../pipeline/service/lifecycle.ts'
import type { Authenticator } from '../plugin/access.ts'
import type { Registry } from '../plugin/registry.ts'
import { StoreRegistry } from '../plugin/stores.ts'
import { Log } from '../telemetry/log.ts'
import { Metrics } from '../telemetry/metrics.ts'
import type { Recorder } from './recorder.ts'
import type { Row } from './table.ts'
import { VirtualTime } from './virtual-time.ts'

/** No request comes in, and files with tokens need not be there. */
const NOBODY: Authenticator = {
  authenticate: () => Promise.reject(new WeirError('COMPONENT_FAILED', 'tests send no requests'))
}

/** Things that outlive the process. */
export interface World {
  readonly disk: MemoryDisk
  readonly recorder: Recorder
  readonly registry: Registry
}

/** One process: the configuration as it would run, on a virtual clock. */
export class WeirUnderTest {
  readonly #world: World
  readonly time: VirtualTime
  #config: ResolvedConfig
  #service: BuiltService | undefined
  #runner: Runner | undefined
  #reloader: Reloader | undefined

  private constructor(config: ResolvedConfig, world: World, now: number) {
    this.#config = config
    this.#world = world
    this.time = new VirtualTime(now)
  }

  /** Throws if a component cannot start. @param now Unix ms @param config with stand-ins */
  static async start(config: ResolvedConfig, world: World, now: number): Promise<WeirUnderTest> {
    const weir = new WeirUnderTest(config, world, now)
    await weir.time.until(weir.#start())
    return weir
  }

  get config(): ResolvedConfig {
    return this.#config
  }

  /** See `Receiver.feed`. */
  async feed(receiver: string, input: unknown): Promise<string | undefined> {
    const built = this.#service!.topology.receivers.find(({ entry }) => entry.id === receiver)
    return built!.receiver.feed!(input)
  }

  /** Throws the reason why it cannot. */
  async reload(config: ResolvedConfig): Promise<void> {
    await this.time.until(this.#reloader!.reload(config))
    this.#config = config
  }

  /** Throws if not all of it was sent or kept. */
  async stop(): Promise<void> {
    const isDrained = await this.time.until(this.#runner!.stop(this.#config.service.shutdown_timeout))
    if (!isDrained) throw new WeirError('COMPONENT_FAILED', 'not everything could be sent or kept in time')
  }

  get drops(): Row[] {
    const rows = this.#service!.components.flatMap(({ name, account }) =>
      [...account.dropped].map(([reason, items]) => ({ cells: { component: name, reason }, figures: { items } }))
    )
    return rows.filter(({ figures }) => figures.items > 0)
  }

  async deadLetters(): Promise<Row[]> {
    const { deadLetters, series } = this.#service!.services
    if (deadLetters === undefined) return []
    const items = new Map<string, Row>()
    for (const number of deadLetters.numbers) {
      const { kind, id, reason, block } = await deadLetters.read(number, series)
      const cells = { component: `${kind} ${id}`, reason }
      const key = JSON.stringify(cells)
      items.set(key, { cells, figures: { items: (items.get(key)?.figures.items ?? 0) + block.length } })
    }
    return [...items.values()]
  }

  async #start(): Promise<void> {
    const { registry, disk } = this.#world
    const storage = { disk, lock: async () => async () => {} }
    const service = await buildService(this.#config, this.#baseServices(), false, registry, storage)
    const { topology, ingress, stateBackend } = service
    const { log, clock } = service.services
    const startupTimeoutMs = this.#config.service.startup_timeout
    this.#service = service
    this.#runner = new Runner(topology, { log, clock, ingress, stateBackend, startupTimeoutMs })
    this.#reloader = new Reloader(service, this.#runner)
    await this.#runner.start(new AbortController().signal)
  }

  #baseServices(): BaseServices {
    const { service } = this.#config
    const { clock } = this.time
    const log = new Log('silent').logger
    const series = new SeriesTable({ maxSeries: service.limits.series })
    const host = { log, clock, series, thread: 0, threads: 1 }
    const { tenants } = new ServiceAccess({ authenticators: {}, tenants: service.tenants }, host)
    return {
      log,
      clock,
      series,
      metrics: new Metrics(),
      access: { tenants, authenticator: () => NOBODY },
      stores: new StoreRegistry(),
      routes: new Map(),
      sites: new Map(),
      reports: new Set(),
      announcements: [],
      adminUrl: '',
      requestsWanted: new Set()
    }
  }
}
