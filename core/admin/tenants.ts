import { ConfiguredTenants } from '../http/tenants/tenants.ts'
import type { BuiltService } from '../pipeline/service/build.ts'

/** Figures of tenants: as metrics, and at `GET /api/tenants`. */
export function exposeTenants({ services }: BuiltService): void {
  const { tenants } = services.access
  if (!(tenants instanceof ConfiguredTenants)) return
  tenants.expose(services.metrics)
  services.routes.set('get /api/tenants', (_request, response) => {
    response.set('cache-control', 'no-store').json(tenants.usage)
  })
}
