import type { Services } from '../pipeline/graph/services.ts'
import type { BuiltService } from '../pipeline/service/build.ts'
import type { LoggedProblem } from '../telemetry/log.ts'
import { type ComponentReport, componentReport } from './component-report.ts'
import { type TenantReport, tenantReports } from './tenant-ledger.ts'

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
  /** Undefined without `service.tenants`. */
  readonly tenants: readonly TenantReport[] | undefined
  readonly problems: readonly LoggedProblem[]
  /** Commands that send something, to be pasted into a shell. */
  readonly sendCommands: readonly string[]
}

export function statusReport(service: BuiltService, { phase, problems, hide }: Moment): StatusReport {
  const { topology, components, services } = service
  const pool = ({ used, capacity }: Services['credits']) => ({ usedBytes: used, capacityBytes: capacity })
  const now = services.clock.now()
  return {
    phase,
    uptimeSeconds: process.uptime(),
    components: components.map(component => componentReport(component, topology, hide, now)),
    pipelines: topology.pipelines.map(({ name, config }) => ({ name, ...config })),
    credits: { inFlight: pool(services.credits), output: pool(services.outputBudget) },
    queryable: topology.exporters
      .map(({ component }) => component.id)
      .filter(id => services.routes.has(`post /api/exporters/${id}/query`)),
    queryApis: components
      .filter(({ kind, id }) => kind === 'extension' && services.sites.has(`/api/extensions/${id}`))
      .map(({ id }) => id),
    reports: [...new Set([...services.reports].map(({ name }) => name))],
    tenants: tenantReports(service),
    problems,
    sendCommands: services.announcements.flatMap(({ command, isQuestion }) =>
      command === undefined || isQuestion ? [] : [command]
    )
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
