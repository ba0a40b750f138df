import { ConfiguredTenants } from '../http/tenants/tenants.ts'
import type { BuiltService } from '../pipeline/service/build.ts'
import { tenantComponents, tenantReports } from './tenant-ledger.ts'

/** Figures of tenants: as metrics, at `GET /api/tenants`, and by component at `GET /api/tenants/ledger?tenant=…`. */
export function exposeTenants(service: BuiltService): void {
  const { access, metrics, routes } = service.services
  const { tenants } = access
  if (!(tenants instanceof ConfiguredTenants)) return
  tenants.expose(metrics)
  routes.set('get /api/tenants', (_request, response) => {
    response.set('cache-control', 'no-store').json(tenantReports(service))
  })
  routes.set('get /api/tenants/ledger', ({ query }, response) => {
    const { tenant } = query
    if (typeof tenant !== 'string')
      return void response.status(400).type('text/plain').send('name the tenant: /api/tenants/ledger?tenant=NAME\n')
    response.set('cache-control', 'no-store').json(tenantComponents(service, tenant))
  })
}
