import type { Logger } from 'pino'
import { Batch } from '../../batch/batch.ts'
import { receivedBatch } from '../../batch/received-batch.ts'
import { accountFor } from '../../http/tenants/account-for.ts'
import { labelFor } from '../../http/tenants/label.ts'
import type { Block } from '../../model/block.ts'
import { select } from '../../model/select.ts'
import type { Access, Tenants } from '../../plugin/access.ts'
import type { ComponentState, Context, Instruments, LabelledValue } from '../../plugin/context.ts'
import type { Kind } from '../../plugin/contract.ts'
import { ClockScheduler } from '../../plugin/scheduler.ts'
import type { Account } from '../../telemetry/account.ts'
import { ComponentClock } from '../../telemetry/component-clock.ts'
import { Edges } from '../../telemetry/edge.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import { VirtualClock } from '../../telemetry/virtual-clock.ts'
import { trackedBatch } from '../checkpoint/tracked-batch.ts'
import type { StageHost } from '../stage/stage.ts'
import type { Services } from './services.ts'

/** The component that a copy stands for, and the partition that the copy is for. */
export interface CopyOf {
  readonly component: Component
  readonly partition: string
}

interface ComponentOptions {
  /** Undefined: data belongs to no tenants. */
  readonly access?: Access
  /** It stands for another component, as the processor of one partition. */
  readonly copy?: CopyOf | undefined
}

/** A component as it runs: identity, books, state. A processor has one for each pipeline it stands in. */
export class Component {
  readonly kind: Kind | 'journal'
  readonly id: string
  readonly type: string
  /** Set for a processor. A receiver or exporter may serve several pipelines. */
  readonly pipeline: string | undefined
  readonly account: Account
  readonly edges: Edges
  readonly log: Logger
  state: ComponentState = 'ok'
  reason: string | undefined
  /** A reload takes it out. Its contents must be sent, though there is a folder to keep them. */
  isLeaving = false
  #dispose: (() => void)[] = []
  #clock: ComponentClock | undefined
  #context: Context | undefined
  #copy: CopyOf | undefined

  constructor(
    kind: Kind | 'journal',
    id: string,
    pipeline: string | undefined,
    log: Logger,
    { access, copy }: ComponentOptions = {}
  ) {
    this.account = accountFor(access)
    this.#copy = copy
    this.edges = copy?.component.edges ?? new Edges()
    this.kind = kind
    this.id = id
    this.type = id.split('/')[0]
    this.pipeline = pipeline
    this.log = log.child({ component: this.name })
  }

  /** Unique in the process: `exporter clickhouse`, `processor windowed_counter in metrics`. */
  get name(): string {
    return `${this.kind} ${this.id}${this.pipeline === undefined ? '' : ` in ${this.pipeline}`}`
  }

  setStatus(state: ComponentState, reason?: string): void {
    this.state = state
    this.reason = reason
    this.#copy?.component.setStatus(state, reason && `partition ${this.#copy.partition}: ${reason}`)
  }

  context(services: Services): Context {
    this.#context ??= this.#makeContext(services)
    return this.#context
  }

  /** For the stage of a processor, whose context was made. */
  stageHost(services: Services): StageHost {
    const { clock, heldCredits, replayed } = services
    return {
      context: this.context(services),
      clock: this.#clock!,
      machineClock: clock,
      heldCredits,
      replayed,
      isReloading: () => services.isReloading
    }
  }

  #makeContext(services: Services): Context {
    const { account, id, log } = this
    const { clock, pipelineClock, series, credits, outputBudget, replayed, announcements } = services
    const hostTime = pipelineClock instanceof VirtualClock ? pipelineClock.of(this.name) : pipelineClock
    this.#clock = new ComponentClock(this.kind === 'processor' ? hostTime : clock)
    const isDurable = () => (services.durable || services.isReloading) && !this.isLeaving
    return {
      id,
      log,
      clock: this.#clock,
      scheduler: new ClockScheduler(this.#clock),
      account,
      series,
      credits,
      outputBudget,
      get durable() {
        return isDurable()
      },
      replayed,
      sharedPorts: services.sharedPorts,
      access: services.access,
      stores: services.stores,
      instruments: this.#instruments(services.metrics),
      admin: this.#admin(services),
      ...this.#batchMakers(services),
      inSteps: step => services.cooperative.add(step),
      tasks: services.tasks?.of(this.id),
      wantRequests: (by = 'bytes') => {
        services.requestsWanted.add(by)
        services.workers?.wantRequests(by)
      },
      requestsWanted: services.requestsWanted,
      announce: (what, command) => void announcements.push({ what, command, isQuestion: this.kind === 'extension' }),
      status: (state, reason) => this.setStatus(state, reason)
    }
  }

  #batchMakers(services: Services): Pick<Context, 'batch' | 'setAside' | 'outputBatch' | 'adopt'> {
    const { account, id } = this
    const { sent } = this.edges
    return {
      batch(block, permit, onSettled, request) {
        const origin = { source: id, request: services.requestsWanted.size > 0 ? request : undefined }
        const labelled = ofTenant(block, services.access.tenants, account)
        sent.timed(labelled, services.clock.now())
        return receivedBatch(origin, account, labelled, permit, onSettled)
      },
      setAside: (block, refusal, request) =>
        services.setAside({
          receiver: id,
          block,
          refusal,
          request: services.requestsWanted.size > 0 ? request?.() : undefined
        }),
      outputBatch: (block, permit, onSettled) =>
        trackedBatch(services.settlements, { source: id }, block, onSettled, permit),
      adopt: (origin, block, again) =>
        services.entrySettlements?.adopt(origin, block, this.pipeline!, again) ?? Batch.of(origin, block)
    }
  }

  #admin(services: Services): Context['admin'] {
    const { routes, sites, reports } = services
    return {
      get url() {
        return services.adminUrl
      },
      route: (method, path, handler) => {
        const route = `${method} /api/${this.kind}s/${this.id}/${path}`
        routes.set(route, handler)
        this.#dispose.push(() => routes.get(route) === handler && routes.delete(route))
      },
      site: handler => {
        const prefix = `/api/${this.kind}s/${this.id}`
        sites.set(prefix, handler)
        this.#dispose.push(() => sites.get(prefix) === handler && sites.delete(prefix))
      },
      report: (name, read) => {
        const report = { name, component: this, read }
        reports.add(report)
        this.#dispose.push(() => reports.delete(report))
      }
    }
  }

  /** Has `dispose` called when the component goes. */
  disposeWith(dispose: () => void): void {
    this.#dispose.push(dispose)
  }

  /** Takes away its metrics, routes and reports, and sends watchers away. */
  dispose(): void {
    if (this.#copy === undefined) this.edges.end()
    for (const dispose of this.#dispose.splice(0)) dispose()
  }

  #instruments(metrics: Metrics): Instruments {
    const labels = {
      component: this.id,
      ...(this.pipeline === undefined ? {} : { pipeline: this.pipeline }),
      ...(this.#copy === undefined ? {} : { partition: this.#copy.partition })
    }
    const add = (name: string, help: string, type: 'counter' | 'gauge', read: () => Iterable<LabelledValue>) => {
      const family = { name: `weir_${this.kind}_${this.type}_${name}`, help, type }
      this.#dispose.push(metrics.add({ ...family, read }))
    }
    const one = (read: () => number) => () => [{ labels, value: read() }]
    return {
      counter(name, help, read) {
        let total = 0
        add(name, help, 'counter', one(read ?? (() => total)))
        return { add: value => void (total += value) }
      },
      gauge: (name, help, read) => add(name, help, 'gauge', one(read)),
      gauges: (name, help, read) =>
        add(name, help, 'gauge', () =>
          [...read()].map(({ labels: own, value }) => ({ labels: { ...labels, ...own }, value }))
        )
    }
  }
}

/** The block as it is, if data belongs to no tenants, or a request said whose it is. */
function ofTenant(block: Block, tenants: Tenants | undefined, account: Account): Block {
  if (tenants === undefined || tenants.isLabelled(block)) return block
  const tenant = tenants.withoutRequest()
  if (tenant !== undefined) return labelFor(tenant, block, account)
  account.received += block.length
  account.drop('no_tenant', block.length)
  return select(block, new Int32Array(0))
}
