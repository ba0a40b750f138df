import type { Access } from '../../plugin/access.ts'
import { Account } from '../../telemetry/account.ts'
import { TenantAccount } from '../../telemetry/tenant-account.ts'
import { ConfiguredTenants } from './tenants.ts'

/** An account with books of each tenant, if data belongs to tenants. */
export function accountFor(access: Access | undefined): Account {
  const tenants = access?.tenants
  return tenants instanceof ConfiguredTenants ? new TenantAccount(tenants.shares) : new Account()
}
