import type { Component } from '../pipeline/graph/component.ts'
import type { Services } from '../pipeline/graph/services.ts'
import type { Topology } from '../pipeline/graph/topology.ts'
import type { BuiltService } from '../pipeline/service/build.ts'
import type { LoggedProblem } from '../telemetry/log.ts'

export type Phase = 'starting' | 'running' | 'draining'

/** Facts about the run that belong to no component. */
export interface Moment {
  readonly phase: Phase
  readonly problems: readonly LoggedProblem[]
  /** Takes secrets out of a text. */
  hide(text: string): string
}

/** The state shown by the admin page. `weir query` finds backends in it. */
export interface StatusReport {
  readonly phase: Phase
  readonly uptimeSeconds: number
  readonly components: readonly ComponentReport[]
  readonly pipelines: readonly {
    name: string
    receivers: readonly string[]
    processors: readonly string[]
    exporters: readonly string[]
  }[]
  readonly credits: Readonly<Record<'inFlight' | 'output', { usedBytes: number; capacityBytes: number }>>
  /** Exporters that answer SQL at `/api/exporters/<id>/query`. */
  readonly queryable: readonly string[]
  /** Ids of the extensions that answer PromQL at `/api/extensions/<id>/api/v1/…`. */
  readonly queryApis: readonly string[]
  /** Names of the components' reports, each served at `/<name>`. */
  readonly reports: readonly string[]
  readonly problems: readonly LoggedProblem[]
}

export interface ComponentReport {
  readonly kind: string
  readonly id: string
  readonly pipeline: string | undefined
  readonly state: string
  readonly reason: string | undefined
  readonly account: Readonly<
    Record<'received' | 'produced' | 'sent' | 'absorbed' | 'refused' | 'inFlight' | 'imbalance', number>
  > & {
    readonly dropped: Readonly<Record<string, number>>
  }
  readonly queue: { readonly usedBytes: number; readonly capacityBytes: number } | undefined
  /** The part of the queue that is on disk. Undefined without a disk. */
  readonly diskBuffer: { readonly usedBytes: number; readonly capacityBytes: number } | undefined
}

export function statusReport(
  { topology, components, services }: BuiltService,
  { phase, problems, hide }: Moment
): StatusReport {
  const pool = ({ used, capacity }: Services['credits']) => ({ usedBytes: used, capacityBytes: capacity })
  return {
    phase,
    uptimeSeconds: process.uptime(),
    components: components.map(component => componentReport(component, topology, hide)),
    pipelines: topology.pipelines.map(({ name, config }) => ({ name, ...config })),
    credits: { inFlight: pool(services.credits), output: pool(services.outputBudget) },
    queryable: topology.exporters
      .map(({ component }) => component.id)
      .filter(id => services.routes.has(`post /api/exporters/${id}/query`)),
    queryApis: components
      .filter(({ kind, id }) => kind === 'extension' && services.sites.has(`/api/extensions/${id}`))
      .map(({ id }) => id),
    reports: [...new Set([...services.reports].map(({ name }) => name))],
    problems
  }
}

/** The reports called `name`, each with its component. */
export function reportsOf({ services }: BuiltService, name: string): object[] {
  return [...services.reports]
    .filter(report => report.name === name)
    .map(({ component: { kind, id, pipeline }, read }) => ({ kind, id, pipeline, ...read() }))
}

/** `failed` or `degraded` if any component is, else `ok`. */
export function overallState({ components }: BuiltService): string {
  const states = components.map(({ state }) => state)
  return states.includes('failed') ? 'failed' : states.includes('degraded') ? 'degraded' : 'ok'
}

function componentReport(component: Component, { exporters }: Topology, hide: Moment['hide']): ComponentReport {
  const { kind, id, pipeline, state, reason, account } = component
  const sendingQueue = exporters.find(exporter => exporter.component === component)?.sendingQueue
  const { received, produced, sent, absorbed, refused, inFlight, imbalance } = account
  return {
    kind,
    id,
    pipeline,
    state,
    reason: reason && hide(reason),
    account: {
      received,
      produced,
      sent,
      absorbed,
      refused,
      inFlight,
      imbalance,
      dropped: Object.fromEntries(account.dropped)
    },
    queue: sendingQueue && { usedBytes: sendingQueue.queuedBytes, capacityBytes: sendingQueue.capacityBytes },
    diskBuffer: sendingQueue?.position && {
      usedBytes: sendingQueue.diskBufferBytes,
      capacityBytes: sendingQueue.diskBufferCapacityBytes
    }
  }
}
