import { TENANT } from '../../core/model/tenant.ts'

/** Name of the column of the tenant, which the server works out: parts from before it was there have it too. */
export const TENANT_COLUMN = 'tenant'

const materialized = (value: string) => `LowCardinality(String) MATERIALIZED ${value}`

/** A series has it in its resource. Windows that group by some attributes have it among these. */
export const TENANT_OF_SERIES = materialized(
  `if(resource['${TENANT}'] = '', attributes['${TENANT}'], resource['${TENANT}'])`
)
export const TENANT_OF_EVENTS = materialized(`attributes['${TENANT}']`)
