/**
 * The attribute that names the tenant of an item: of the resource of a point's series, or of an event. Receivers set it.
 * Windows keep it, whatever they group by, and stores of Prometheus show it as the label `weir_tenant`.
 */
export const TENANT = 'weir.tenant'

/** True for an attribute that stores might take for the tenant, because they write its name the same way. */
export function looksLikeTenant(attribute: string): boolean {
  return attribute.startsWith('weir') && attribute.replace(/[^A-Za-z0-9]+/g, '.') === TENANT
}
